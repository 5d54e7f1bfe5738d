"""The REST API under `/api/v1`: one request, one answer, no upload step and no queue."""
