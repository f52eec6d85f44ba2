"""`GET /api/updates`, behind the Lambda Web Adapter; not served yet."""
