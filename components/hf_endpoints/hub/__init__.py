"""The API client: thin calls for the endpoint routes on huggingface_hub's session, headers, retries and errors."""
