"""Measures python-diskcache and fsspec's file caches as Program.cs does its peers: prints a line of JSON for each figure.

Usage: peers.py DIRECTORY ROUNDS WORK..., a WORK being SIZE:COUNT.
"""
import json
import os
import random
import sys
import time

import diskcache
import fsspec


def tell(subject, what, size, started, count):
    print(json.dumps({"Subject": subject, "What": what, "Size": size, "Nanoseconds": (time.perf_counter_ns() - started) / count}), flush=True)


def measure_diskcache(directory, records, works):
    name = "python-diskcache, LRU"
    with diskcache.Cache(os.path.join(directory, "records"), size_limit=1 << 40, eviction_policy="least-recently-used") as cache:
        keys = [f"u/c/{i // 1000}/{i % 1000}" for i in range(records)]
        random.shuffle(keys)
        record = os.urandom(120)
        started = time.perf_counter_ns()
        for first in range(0, records, 1000):
            with cache.transact():
                for key in keys[first:first + 1000]:
                    cache.set(key, record)
        tell(name, "push 1000 at once", 120, started, records)
        random.shuffle(keys)
        started = time.perf_counter_ns()
        for key in keys:
            assert len(cache.get(key)) == 120
        tell(name, "find", 120, started, records)
    for size, count in works:
        with diskcache.Cache(os.path.join(directory, str(size)), size_limit=1 << 40, eviction_policy="least-recently-used") as cache:
            keys = [f"u/c/{i}" for i in range(count)]
            values = [os.urandom(size) for _ in range(8)]
            started = time.perf_counter_ns()
            for i, key in enumerate(keys):
                cache.set(key, values[i % 8])
            tell(name, "set", size, started, count)
            random.shuffle(keys)
            started = time.perf_counter_ns()
            for key in keys:
                assert len(cache.get(key)) == size
            tell(name, "get", size, started, count)


def measure_fsspec(protocol, directory, works):
    """A set is the first read, from fsspec's own file system in memory."""
    source = fsspec.filesystem("memory")
    for size, count in works:
        paths = [f"/{protocol}/{size}/{i}" for i in range(count)]
        for path in paths:
            source.pipe_file(path, os.urandom(size))
        cached = fsspec.filesystem(protocol, target_protocol="memory", cache_storage=os.path.join(directory, f"{protocol}-{size}"), skip_instance_cache=True)
        started = time.perf_counter_ns()
        for path in paths:
            read(cached, path, size)
        tell(f"fsspec {protocol}", "set", size, started, count)
        random.shuffle(paths)
        started = time.perf_counter_ns()
        for path in paths:
            read(cached, path, size)
        tell(f"fsspec {protocol}", "get", size, started, count)
        source.rm(f"/{protocol}", recursive=True)


def read(cached, path, size):
    with cached.open(path, "rb") as file:
        assert len(file.read()) == size


def main():
    directory, rounds, records = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    works = [tuple(int(part) for part in work.split(":")) for work in sys.argv[4:]]
    for number in range(rounds):
        place = os.path.join(directory, str(number))
        measure_diskcache(os.path.join(place, "diskcache"), records, works)
        measure_fsspec("filecache", place, works)
        measure_fsspec("simplecache", place, works)


main()
