using System.Globalization;
using ZarrCache.Index.Redis;
using ZarrCache.Storage.S3;

namespace ZarrCache.Reliability;

/// <summary>
/// One of several processes that share a cache: index on a Redis server, chunks in S3. Does what it is told on standard input,
/// and says on standard output what it did and what it asked the origin for, so that nothing is lost with it when it is killed.
/// </summary>
/// <remarks><c>read SET COUNT</c> reads the keys of a set that often; <c>loop SET</c> reads until <c>stop</c>; the end of the input closes the cache.</remarks>
internal sealed class SharedWork(CachedStore store)
{
    public const string Command = "shared";
    public const string StoreId = "shared";
    public const int KeysPerSet = 300;
    private const int Hands = 4;

    private readonly Random _random = new(Environment.ProcessId);
    private int _reads;

    /// <summary>Keys of a third each: whole values, of which a part is read, absent.</summary>
    public static string Key(string set, int number) => $"{(number % 3) switch { 0 => "whole", 1 => "part", _ => "absent" }}/{set}/{number}";

    /// <summary>ARGS: address of the Redis server, pattern of the storage, endpoint of S3, key and secret, milliseconds of patience with the index.</summary>
    public static async Task RunAsync(string[] args)
    {
        var patience = TimeSpan.FromMilliseconds(int.Parse(args[5], CultureInfo.InvariantCulture));
        var s3 = new S3StoreOptions { Endpoint = new Uri(args[2]), AccessKeyId = args[3], SecretAccessKey = args[4], LastModified = false };
        await using RedisStoreIndex index = await RedisStoreIndex.OpenAsync(args[0]);
        await using var storage = new IndexedCacheStorage(index, S3ZarrStore.Opener(args[1], s3), new IndexedCacheStorageOptions { MaxSize = 1L << 30, IndexPatience = patience });
        await using var store = new CachedStore(new ToldOrigin(), StoreId, storage);
        var work = new SharedWork(store);
        using var input = new StreamReader(Console.OpenStandardInput()); // Console.In blocks, asynchronous or not
        Say("open");
        while (await input.ReadLineAsync() is { } line)
        {
            string[] words = line.Split(' ');
            if (words[0] == "read")
            {
                int left = int.Parse(words[2], CultureInfo.InvariantCulture);
                await work.ReadAsync(words[1], () => Interlocked.Decrement(ref left) >= 0);
            }
            else
            {
                Task<string?> stop = input.ReadLineAsync();
                await work.ReadAsync(words[1], () => !stop.IsCompleted);
            }

            await storage.FlushAsync(CancellationToken.None);
            Say("done");
        }
    }

    private static void Say(string line) => Console.Out.WriteLine(line); // one write, whole lines, whoever writes beside it

    private Task ReadAsync(string set, Func<bool> more) => Task.WhenAll(Enumerable.Range(0, Hands).Select(_ => Task.Run(async () =>
    {
        while (more())
        {
            int number;
            lock (_random)
            {
                number = _random.Next(KeysPerSet);
            }

            await ReadOneAsync(Key(set, number), number);
            if (Interlocked.Increment(ref _reads) % 50 == 0)
            {
                Say("50 reads");
            }
        }
    })));

    private async Task ReadOneAsync(string key, int number)
    {
        switch (number % 3)
        {
            case 0:
                byte[] bytes = await store.GetBytesAsync(key) ?? throw new WrongBytesException($"'{key}' was read as absent.");
                Oracle.Recognize(StoreId, key, bytes);
                break;
            case 1:
                await using (ReadResult result = await store.GetAsync(key, new ReadOptions(ByteRange.Slice(4, 1000)), CancellationToken.None))
                {
                    var part = new byte[result.Length];
                    await result.ReadAsync(part, CancellationToken.None);
                    if (!part.AsSpan().SequenceEqual(Oracle.Content(StoreId, key, 0).AsSpan(4, part.Length)))
                    {
                        throw new WrongBytesException($"{part.Length} bytes of '{key}' are not the origin's.");
                    }
                }

                break;
            default:
                if (await store.GetBytesAsync(key) is not null)
                {
                    throw new WrongBytesException($"'{key}' is absent, and was read.");
                }

                break;
        }
    }

    /// <summary>Has what does not begin with <c>absent</c>, tells of each request, and takes its time as origins do: an instant one would have the processors to itself.</summary>
    private sealed class ToldOrigin() : ForwardingZarrStore(new OracleOrigin(StoreId, 0))
    {
        private static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(10);

        public override async ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct)
        {
            Say($"fetched {key}");
            await Task.Delay(Latency, TimeProvider.System, ct);
            return key.StartsWith("absent", StringComparison.Ordinal) ? ReadResult.WithoutBytes(ReadStatus.Absent) : await base.GetAsync(key, options, ct);
        }
    }
}
