"""The tests of what users see, once more, with every collection in Milvus.

Each module here runs the tests of the module of its name above, as they are: only the settings
differ (``conftest``). Tests of an engine's own files are above only.
"""
