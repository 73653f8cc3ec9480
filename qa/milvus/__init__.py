"""The engine for many machines: documents, versions, passages and their search, all in Milvus.

Milvus has no transactions across rows. What takes their place, from the bottom up:

* ``address``, ``client``: where it is, and its requests, each with the strongest consistency.
* ``blobs``: byte strings of any length, never changed once written.
* ``turns``: one writer at a time, of any number of processes.
* ``control``: the one row that says which state everything is in. Writing it is the commit.
* ``records``: rows that hold two states, so that readers see one revision whatever is written.
* ``passages``: what is searched; each belongs to a version, and counts while that is current.
* ``statistics``: in how many passages each term stands, as a sum of what changes added.
* ``changes``, ``garbage``, ``sweeping``: made of all these; ``integrity`` proves them.
* ``engine``: the promise of ``qa.engine.Engine``, kept by them.
"""
