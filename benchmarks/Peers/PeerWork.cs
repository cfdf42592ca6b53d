using System.Diagnostics;
using System.Globalization;
using ZarrCache.Benchmarks.Harness;

namespace ZarrCache.Peers;

/// <summary>The work that all do: small records as an index has them, and values as a cache of chunks has them; one caller.</summary>
/// <param name="share">Do one in so many.</param>
internal sealed class PeerWork(int share)
{
    public const int RecordSize = 120;
    private const int Batch = 1000;

    /// <summary>How many records.</summary>
    public int Records => Math.Max(Batch, 100_000 / share / Batch * Batch);

    /// <summary>How many values of each size.</summary>
    public (int Size, int Count)[] Values =>
        [.. new[] { (4 << 10, 4000), (64 << 10, 1000), (1 << 20, 200) }.Select(work => (work.Item1, Math.Max(16, work.Item2 / share)))];

    public async Task<IReadOnlyList<SuiteRow>> MeasureAsync(Peer peer)
    {
        var rows = new List<SuiteRow>();
        using var scratch = new ScratchDirectory();
        await using (IPeerClient client = await OpenAsync(peer, scratch["records"]))
        {
            if (client.KeepsRecords)
            {
                rows.AddRange(await MeasureRecordsAsync(peer, client));
            }
        }

        foreach ((int size, int count) in Values)
        {
            await using IPeerClient client = await OpenAsync(peer, scratch[size.ToString(CultureInfo.InvariantCulture)]);
            if (client.KeepsValues)
            {
                rows.AddRange(await MeasureValuesAsync(peer, client, size, count));
            }
        }

        return rows;
    }

    private static Task<IPeerClient> OpenAsync(Peer peer, string directory) => peer.OpenAsync!(Directory.CreateDirectory(directory).FullName);

    private async Task<SuiteRow[]> MeasureRecordsAsync(Peer peer, IPeerClient client)
    {
        string[] keys = Keys(Records);
        byte[] record = RandomBytes(RecordSize);
        (string, byte[])[][] batches = [.. keys.Select(key => (key, record)).Chunk(Batch)];
        double push = await TimeAsync(keys.Length, async () =>
        {
            foreach ((string, byte[])[] batch in batches)
            {
                await client.SetManyAsync(batch);
            }

            await client.FlushAsync();
        });
        Random.Shared.Shuffle(keys);
        double find = await TimeAsync(keys.Length, async () =>
        {
            foreach (string key in keys)
            {
                Require(await client.GetAsync(key) > 0, peer);
            }
        });
        return [new SuiteRow("push 1000 at once", peer.Name, RecordSize, 1, push, 0), new SuiteRow("find", peer.Name, RecordSize, 1, find, 0)];
    }

    private static async Task<SuiteRow[]> MeasureValuesAsync(Peer peer, IPeerClient client, int size, int count)
    {
        string[] keys = Keys(count);
        byte[][] values = [.. Enumerable.Range(0, 8).Select(_ => RandomBytes(size))];
        double set = await TimeAsync(count, async () =>
        {
            for (int i = 0; i < count; i++)
            {
                await client.SetAsync(keys[i], values[i % values.Length]);
            }

            await client.FlushAsync();
        });
        Random.Shared.Shuffle(keys);
        double get = await TimeAsync(count, async () =>
        {
            foreach (string key in keys)
            {
                Require(await client.GetAsync(key) == size, peer);
            }
        });
        return [new SuiteRow("set", peer.Name, size, 1, set, 0), new SuiteRow("get", peer.Name, size, 1, get, 0)];
    }

    private static string[] Keys(int count)
    {
        string[] keys = [.. Enumerable.Range(0, count).Select(number => string.Create(CultureInfo.InvariantCulture, $"u/c/{number / 1000}/{number % 1000}"))];
        Random.Shared.Shuffle(keys);
        return keys;
    }

    /// <summary>Nothing compresses them.</summary>
    private static byte[] RandomBytes(int count)
    {
        var bytes = new byte[count];
        Random.Shared.NextBytes(bytes);
        return bytes;
    }

    private static async Task<double> TimeAsync(int count, Func<Task> work)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        long start = Stopwatch.GetTimestamp();
        await work();
        return Stopwatch.GetElapsedTime(start).TotalNanoseconds / count;
    }

    private static void Require(bool holds, Peer peer)
    {
        if (!holds)
        {
            throw new InvalidOperationException($"{peer.Name} did not give what it was given.");
        }
    }
}
