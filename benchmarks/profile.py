"""Groups the samples of perf script by what their stacks are in, and prints a table of them: profile.py NAME RATE < SAMPLES.

A sample belongs to the first group one of whose patterns is in its stack, the innermost frame first for each group.
"""
import collections
import re
import sys

GROUPS = [
    ("check sums of the bytes (XxHash3)", r"XxHash|BlockChecksums"),
    ("garbage collection", r"gc_heap|GCHeap|GarbageCollect|libclrgc|gc_thread"),
    ("copies between the page cache and memory, in the kernel", r"pread64|vfs_read|pwrite64|vfs_write|generic_perform_write|pwritev|preadv"),
    ("making room for a file and its name: open, allocate, rename, unlink", r"do_sys_openat2|sys_fallocate|vfs_fallocate|sys_rename|do_renameat2|sys_unlink|do_unlinkat|sys_ftruncate|evict|sys_fsync|sys_flock|sys_fstat|sys_newfstat|sys_close|__fput|sys_fadvise"),
    ("sockets, in the kernel", r"tcp_|sock_|epoll|sys_sendmsg|sys_recvmsg"),
    ("waking and waiting of threads", r"futex|pthread_cond|PalThread|LowLevelLifo|WaitForSignal|sched_yield|do_sched_yield"),
    ("SQLite's own code", r"e_sqlite3|sqlite3"),
    ("FasterKV's own code", r"FASTER\.core"),
    ("signatures of requests (SHA-256)", r"libcrypto|Security\.Cryptography"),
    ("HttpClient", r"System\.Net\.Http|System\.Net\.Sockets"),
    ("the AWS SDK", r"AWSSDK"),
    ("StackExchange.Redis", r"StackExchange\.Redis|Pipelines"),
    ("the index: entries, keys, totals, order", r"ZarrCache\.Index|StoreIndex"),
    ("ZarrCache's read path and background writer", r"ZarrCache\."),
    ("allocation of memory", r"JIT_New|AllocateObject|Alloc"),
]


def main():
    name, rate = sys.argv[1], float(sys.argv[2])
    counts, leaves, total = collections.Counter(), collections.defaultdict(collections.Counter), 0
    for sample in sys.stdin.read().split("\n\n"):
        frames = [frame.strip() for frame in sample.strip().split("\n")[1:]]
        if not frames:
            continue
        total += 1
        text = "\n".join(frames)
        group = next((group for group, pattern in GROUPS if re.search(pattern, text)), "the rest: runtime and other kernel")
        counts[group] += 1
        leaves[group][re.sub(r"^[0-9a-f]+ ", "", frames[0]).split(" (")[0][:70]] += 1
    print(f"## {name}: {rate:,.0f} a second, {1e6 / rate:.2f} µs each\n")
    print("| Where | Share of the samples | Innermost, most often |\n|---|---|---|")
    for group, count in counts.most_common(7):
        print(f"| {group} | {100 * count / total:.0f} % | {', '.join(f'`{leaf}` {100 * n / total:.0f} %' for leaf, n in leaves[group].most_common(3))} |")
    print()


main()
