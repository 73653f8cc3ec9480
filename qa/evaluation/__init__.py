"""Measures retrieval, answers and refusals through the same code that serves.

``metrics``, ``bootstrap`` and ``refusal`` are arithmetic; ``questions`` judges spans; ``dataset``,
``beir`` and ``squad`` read; ``run`` asks; ``report`` makes tables; ``cli`` is ``fundstelle eval``.
"""
