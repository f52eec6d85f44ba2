"""Tools: what the model may call, made from OpenAPI descriptions or built in."""
