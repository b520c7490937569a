"""Latency and throughput as MLPerf measures them: scenarios of the real LoadGen, each in a fresh process.

It times models; it never scores an answer. What :mod:`edgejson_bench.latency` takes in passing is another measurement.
"""
