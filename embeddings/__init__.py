"""Strings to arrays: encoders, late interaction, the FAISS index. Knows no documents."""
