"""Measures retrieval, answers and refusals through the same code that serves.

``metrics``, ``bootstrap`` and ``refusal`` are arithmetic; ``questions`` judges spans; ``dataset``,
``beir``, ``squad``, ``flores``, ``tatoeba``, ``nomiracl`` and ``strangers`` read; ``run`` asks;
``report`` and ``language_tables`` make tables; ``parts`` is what ``make eval`` measures;
``rankings`` are those of any system, which ``peers`` measures beside Fundstelle and ``peer_tables``
shows; ``compare`` pairs the values of two configurations; ``cli`` is ``fundstelle eval``.
"""
