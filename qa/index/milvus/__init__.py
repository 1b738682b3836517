"""Milvus as the home of an index: collections on a server, or in a file of Milvus Lite, in place of a folder.

Sharding, replication, consistency and recovery are Milvus's. Knows nothing of what a change or a question means.
"""
