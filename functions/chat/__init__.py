"""`POST /api/chat`, behind the Lambda Web Adapter."""
