"""`GET /api/updates`, behind the Lambda Web Adapter."""
