using System.Diagnostics;
using System.Globalization;
using StackExchange.Redis;
using ZarrCache.Benchmarks.Harness;
using ZarrCache.Index.Redis;
using ZarrCache.Index.Redis.Tests;

namespace ZarrCache.Benchmarks.Redis;

/// <summary>The comparisons, each on a server without any other data.</summary>
internal sealed class RedisWork(RedisProcess process, ConnectionMultiplexer connection, int rounds)
{
    private const int Batch = 1000;
    private const int Callers = 16;

    private readonly IDatabase _database = connection.GetDatabase();
    private readonly IServer _server = connection.GetServer(connection.GetEndPoints()[0]);

    /// <summary>Pushes of new keys in no order, and pops of all of them.</summary>
    public async Task<IReadOnlyList<Comparison>> BatchesAsync(int keys)
    {
        const string Same = "the same commands pipelined by hand, without scripts";
        const string Wide = "by hand with one command of each kind a batch";
        Comparison[] push = [new("push in batches of 1000", Same, "entries", 0.6), new("push in batches of 1000", Wide, "entries", null)];
        Comparison[] pop = [new("pop in batches of 1000", Same, "entries", 0.6), new("pop in batches of 1000", Wide, "entries", null)];
        IndexEntry[] entries = [.. Enumerable.Range(0, keys).Select(i => ArrayEntries.Make(ArrayEntries.Scattered(i, keys)))];
        ByHand.Prepared[] prepared = ByHand.Prepare(0, keys, keys);
        await OursAsync(entries[..(keys / 4)]);
        await TheirsAsync(prepared[..(keys / 4)], wide: false);
        await TheirsAsync(prepared[..(keys / 4)], wide: true);
        for (int round = 0; round < rounds; round++)
        {
            for (int form = 0; form < 2; form++)
            {
                (double Push, double Pop) ours = default, theirs = default;
                await push[form].MeasureAsync(
                    round,
                    async () => (ours = await OursAsync(entries)).Push,
                    async () => (theirs = await TheirsAsync(prepared, wide: form == 1)).Push);
                await pop[form].MeasureAsync(round, () => Task.FromResult(ours.Pop), () => Task.FromResult(theirs.Pop));
            }
        }

        return [push[0], pop[0], push[1], pop[1]];
    }

    /// <summary>Look-ups of entries that are there, a thousand at a time.</summary>
    public async Task<Comparison> FindAsync(int keys)
    {
        var comparison = new Comparison("find, 1000 at a time", "a pipelined `HGETALL` of a hash with the same bytes", "entries", 0.8);
        await _server.FlushAllDatabasesAsync();
        await using RedisStoreIndex index = await OpenAsync();
        await PushAsync(index, keys);
        foreach (ByHand.Prepared[] batch in ByHand.Prepare(0, keys, keys).Chunk(Batch))
        {
            await Task.WhenAll(batch.Select((entry, i) => _database.HashSetAsync(HashOf(entry.Place), [new HashEntry("entry", entry.Value)])));
        }

        EntryKey[] places = [.. Enumerable.Range(0, keys).Select(i => ArrayEntries.At(ArrayEntries.Scattered(i * 7919L, keys)))];
        RedisKey[] hashes = Array.ConvertAll(places, place => HashOf(Place.Of(place)));
        await OursAsync();
        await TheirsAsync();
        for (int round = 0; round < rounds; round++)
        {
            await comparison.MeasureAsync(round, () => Comparison.RateAsync(keys, OursAsync), () => Comparison.RateAsync(keys, TheirsAsync));
        }

        return comparison;

        async Task OursAsync()
        {
            foreach (EntryKey[] batch in places.Chunk(Batch))
            {
                Require((await Task.WhenAll(batch.Select(key => index.FindAsync(key, CancellationToken.None).AsTask()))).All(entry => entry is not null));
            }
        }

        async Task TheirsAsync()
        {
            foreach (RedisKey[] batch in hashes.Chunk(Batch))
            {
                Require((await Task.WhenAll(batch.Select(key => _database.HashGetAllAsync(key)))).All(hash => hash.Length == 1));
            }
        }

        static RedisKey HashOf(byte[] place) => new RedisKey("hash:").Append(place);
    }

    /// <summary>Sixteen callers, each with one operation at a time.</summary>
    public async Task<IReadOnlyList<Comparison>> SingleAsync(int keys)
    {
        Comparison find = new($"{Callers} concurrent single finds", "a bare `HGET`", "entries", 0.8);
        Comparison push = new($"{Callers} concurrent single pushes", "a bare `HSET`, which is one of the five commands of a push", "entries", null);
        Comparison same = new($"{Callers} concurrent single pushes", "the five commands of a push, and the totals', by hand", "entries", 0.8);
        await _server.FlushAllDatabasesAsync();
        await using RedisStoreIndex index = await OpenAsync();
        await PushAsync(index, keys);
        IndexEntry[] entries = [.. Enumerable.Range(0, keys).Select(i => ArrayEntries.Make(ArrayEntries.Scattered(i, keys)))];
        EntryKey[] places = Array.ConvertAll(entries, entry => entry.EntryKey);
        ByHand.Prepared[] prepared = ByHand.Prepare(0, keys, keys);
        RedisKey hash = new CacheKeys("zarrcache").For(ArrayEntries.Store).Entries;
        var byHand = new ByHand(_database, "byhand");
        for (int round = -1; round < rounds; round++)
        {
            Comparison[] to = round < 0 ? [new("warm-up", "warm-up", "entries", null), new("warm-up", "warm-up", "entries", null), new("warm-up", "warm-up", "entries", null)] : [find, push, same];
            Func<Task<double>> ours = () => InCallersAsync(keys, async i => await index.PushAsync(entries[i], CancellationToken.None));
            await to[0].MeasureAsync(
                round & 1,
                () => InCallersAsync(keys, async i => Require(await index.FindAsync(places[i], CancellationToken.None) is not null)),
                () => InCallersAsync(keys, async i => Require(!(await _database.HashGetAsync(hash, prepared[i].Place)).IsNull)));
            await to[1].MeasureAsync(round & 1, ours, () => InCallersAsync(keys, async i => await _database.HashSetAsync("bare", prepared[i].Place, prepared[i].Value)));
            await to[2].MeasureAsync(round & 1, ours, () => InCallersAsync(keys, i => byHand.PushAsync([prepared[i]])));
        }

        return [find, same, push];
    }

    /// <summary>All entries of a large index, and what it takes up.</summary>
    public async Task<(Comparison Enumerate, double BytesPerEntry)> EnumerateAsync(int keys)
    {
        var comparison = new Comparison(ResultsFile.Invariant($"enumerate {keys:N0} entries unsorted"), "`HSCAN` by hand of the hash that they are in", "entries", 0.6);
        await _server.FlushAllDatabasesAsync();
        long before = await GetUsedMemoryAsync();
        await using RedisStoreIndex index = await OpenAsync();
        await PushAsync(index, keys);
        double bytes = (await GetUsedMemoryAsync() - before) / (double)keys;
        var byHand = new ByHand(_database, "zarrcache");
        for (int round = 0; round < rounds; round++)
        {
            await comparison.MeasureAsync(round, () => Comparison.RateAsync(keys, OursAsync), () => Comparison.RateAsync(keys, TheirsAsync));
        }

        return (comparison, bytes);

        async Task OursAsync()
        {
            int count = 0;
            await foreach (IndexEntry entry in index.EnumerateAsync(default, CancellationToken.None))
            {
                count += entry.Size > 0 ? 1 : 0;
            }

            Require(count == keys);
        }

        async Task TheirsAsync()
        {
            Require(await byHand.ScanAsync(Batch, int.MaxValue) >= keys);
        }
    }

    private async Task<(double Push, double Pop)> OursAsync(IndexEntry[] entries)
    {
        await _server.FlushAllDatabasesAsync();
        await using RedisStoreIndex index = await OpenAsync();
        ReadOnlyMemory<IndexEntry>[] batches = [.. Enumerable.Range(0, entries.Length / Batch).Select(i => new ReadOnlyMemory<IndexEntry>(entries, i * Batch, Batch))];
        double push = await Comparison.RateAsync(entries.Length, async () =>
        {
            foreach (ReadOnlyMemory<IndexEntry> batch in batches)
            {
                await index.PushManyAsync(batch, CancellationToken.None);
            }
        });
        double pop = await Comparison.RateAsync(entries.Length, async () =>
        {
            foreach (ReadOnlyMemory<IndexEntry> _ in batches)
            {
                Require((await index.PopAsync(new PopRequest(Count: Batch), CancellationToken.None)).Count == Batch);
            }
        });
        return (push, pop);
    }

    private async Task<(double Push, double Pop)> TheirsAsync(ByHand.Prepared[] prepared, bool wide)
    {
        await _server.FlushAllDatabasesAsync();
        var byHand = new ByHand(_database, "byhand");
        ByHand.Prepared[][] batches = [.. prepared.Chunk(Batch)];
        double push = await Comparison.RateAsync(prepared.Length, async () =>
        {
            foreach (ByHand.Prepared[] batch in batches)
            {
                await (wide ? byHand.PushWideAsync(batch) : byHand.PushAsync(batch));
            }
        });
        double pop = await Comparison.RateAsync(prepared.Length, async () =>
        {
            foreach (ByHand.Prepared[] _ in batches)
            {
                Require((wide ? await byHand.PopWideAsync(Batch) : (await byHand.PopAsync(Batch)).Count) == Batch);
            }
        });
        return (push, pop);
    }

    private static async Task<double> InCallersAsync(int count, Func<int, Task> work)
    {
        int next = -1;
        return await Comparison.RateAsync(count, () => Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) is var i && i < count)
            {
                await work(i);
            }
        }))));
    }

    private static async Task PushAsync(RedisStoreIndex index, int keys)
    {
        for (int first = 0; first < keys; first += 10_000)
        {
            await index.PushManyAsync(Enumerable.Range(first, Math.Min(10_000, keys - first)).Select(i => ArrayEntries.Make(ArrayEntries.Scattered(i, keys))).ToArray(), CancellationToken.None);
        }
    }

    /// <summary>It remembers nothing here, so that every look-up asks the server.</summary>
    private async Task<RedisStoreIndex> OpenAsync() => await RedisStoreIndex.OpenAsync(process.Address, new RedisStoreIndexOptions { RememberedEntries = 0, CommandTimeout = TimeSpan.FromMinutes(1) });

    private async Task<long> GetUsedMemoryAsync() =>
        long.Parse((await _server.InfoAsync("memory"))[0].First(line => line.Key == "used_memory").Value, CultureInfo.InvariantCulture);

    private static void Require(bool condition)
    {
        if (!condition)
        {
            throw new UnreachableException("Not all that was pushed is there.");
        }
    }
}
