"""Documents, passages, citations, the store, retrieval and answers. Knows nothing of HTTP."""
