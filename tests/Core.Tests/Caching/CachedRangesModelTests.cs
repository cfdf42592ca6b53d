using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using ZarrCache.Index.Sqlite;
using ZarrCache.Storage.FileSystem;

namespace ZarrCache.Core.Tests.Caching;

/// <summary>
/// Random histories of range reads, whole reads, writes, erasures, changes at the origin, evictions and reopenings against
/// a model: every answer is of one version that may still be served, and never of an older one than was served before.
/// </summary>
public sealed class CachedRangesModelTests
{
    private const int MostBytes = 4000;
    private const long Plenty = 1L << 30;

    private static readonly string[] Keys = ["u/c/0", "u/c/1"];

    private static readonly Gen<ByteRange> AnyRange = Gen.OneOf(
        Gen.Const(ByteRange.All),
        Gen.Long[0, MostBytes + 200].Select(ByteRange.From),
        Gen.Long[1, MostBytes + 200].Select(ByteRange.Suffix),
        Gen.Select(Gen.Long[0, MostBytes + 200], Gen.Long[1, 1500], ByteRange.Slice),
        Gen.Select(Gen.Long[0, MostBytes + 200], Gen.Long[1, 1500], ByteRange.Slice));

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private enum What { Read, Flush, Reopen, Change, Remove, Set, Erase }

    [Theory]
    [InlineData(false, Plenty)]
    [InlineData(false, 3000)]
    [InlineData(true, Plenty)]
    [InlineData(true, 6 * 4096)]
    public Task Every_answer_is_of_one_version_that_may_be_served(bool onDisk, long maxSize) =>
        Histories(Gen.Frequency(
            (12, Gen.Const(What.Read)), (1, Gen.Const(What.Flush)), (1, Gen.Const(What.Reopen)),
            (2, Gen.Const(What.Change)), (1, Gen.Const(What.Remove)), (1, Gen.Const(What.Set)), (1, Gen.Const(What.Erase))))
        .SampleAsync(
            history => RunAsync(history, onDisk, maxSize, (_, _) => { }),
            iter: onDisk ? 40 : 1000,
            threads: 1);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Without_evictions_and_changes_each_byte_is_fetched_once(bool onDisk) =>
        Histories(Gen.Frequency((12, Gen.Const(What.Read)), (2, Gen.Const(What.Flush)), (1, Gen.Const(What.Reopen))))
        .SampleAsync(
            history => RunAsync(
                history,
                onDisk,
                Plenty,
                (origin, wanted) => Assert.Equal(history.Alignment == 1 ? wanted : Math.Max(wanted, origin.Bytes), origin.Bytes)),
            iter: onDisk ? 40 : 1000,
            threads: 1);

    [Fact]
    public Task Overlapping_readers_at_once_fetch_each_byte_once_and_are_given_the_right_ones() =>
        Gen.Select(AnyRange.Array[1, 30], Gen.Int[1, 5000], Gen.Int[1, 800]).SampleAsync(
            async (ranges, maxPart, piece) =>
            {
                await using var f = new CacheFixture(options: options => options with { MaxWholeObject = 2000, MaxPart = maxPart });
                f.Origin.PieceSize = piece;
                f.Origin.BeforeBytes = async (_, _, _) => await Task.Yield();
                byte[] value = await f.GiveAsync("k", MostBytes);
                var wanted = new bool[MostBytes];
                await Parallel.ForEachAsync(ranges, new ParallelOptions { MaxDegreeOfParallelism = ranges.Length }, async (range, token) =>
                {
                    if (range.TryResolve(MostBytes, out long offset, out long length))
                    {
                        Array.Fill(wanted, true, (int)offset, (int)length);
                        Assert.Equal(value[(int)offset..(int)(offset + length)], await f.Store.GetBytesAsync("k", range, token));
                    }
                });
                Assert.Equal(wanted.Count(isWanted => isWanted), f.Origin.Bytes);
            },
            iter: 300,
            threads: 1);

    [Fact]
    public Task Readers_while_the_object_changes_are_given_one_version_or_an_error() =>
        Gen.Select(AnyRange.Array[1, 30], Gen.Int[1, 5], Gen.Int[1, 800], Gen.Bool).SampleAsync(
            async (ranges, changes, piece, throughTheCache) =>
            {
                await using var f = new CacheFixture(options: options => options with { MaxWholeObject = 2000, MaxPart = 700 });
                f.Origin.PieceSize = piece;
                f.Origin.BeforeBytes = async (_, _, _) => await Task.Yield();
                byte[][] versions = [.. Enumerable.Range(0, changes + 1).Select(seed => CacheFixture.Bytes(MostBytes, seed))];
                await f.Origin.SetAsync("k", versions[0], Ct);
                Task writing = Task.Run(
                    async () =>
                    {
                        foreach (byte[] version in versions[1..])
                        {
                            await (throughTheCache ? f.Store : (IZarrStore)f.Origin).SetAsync("k", version, Ct);
                            await Task.Yield();
                        }
                    },
                    Ct);
                await Parallel.ForEachAsync(ranges, new ParallelOptions { MaxDegreeOfParallelism = ranges.Length }, async (range, token) =>
                {
                    if (range.TryResolve(MostBytes, out long offset, out long length))
                    {
                        try
                        {
                            byte[]? bytes = await f.Store.GetBytesAsync("k", range, token);
                            Assert.Contains(versions, version => version.AsSpan((int)offset, (int)length).SequenceEqual(bytes));
                        }
                        catch (ObjectChangedException)
                        {
                            Assert.True(changes > 1, "one change is worth one more attempt, not an error");
                        }
                    }
                });
                await writing;
                if (throughTheCache)
                {
                    Assert.Equal(versions[^1], await f.Store.GetBytesAsync("k", ct: Ct));
                }
            },
            iter: 300,
            threads: 1);

    private static Gen<History> Histories(Gen<What> what) =>
        Gen.Select(
            Gen.Select(what, Gen.Int[0, 1], AnyRange, Gen.Int[1, MostBytes]).List[1, 40],
            Gen.Bool,
            Gen.OneOf(Gen.Const(1L), Gen.Const(1L), Gen.Const(64L)),
            (steps, confirms, alignment) => new History([.. steps.Select(step => new Step(step.Item1, Keys[step.Item2], step.Item3, step.Item4))], confirms, alignment));

    private static async Task RunAsync(History history, bool onDisk, long maxSize, Action<ObservedOrigin, long> atTheEnd)
    {
        await using var cache = new ReopenedCache(onDisk, maxSize, history);
        Dictionary<string, Model> models = Keys.ToDictionary(key => key, _ => new Model());
        for (int i = 0; i < history.Steps.Count; i++)
        {
            Step step = history.Steps[i];
            Model model = models[step.Key];
            if (model.Versions.Count == 0)
            {
                model.Add(CacheFixture.Bytes(step.Size, seed: i));
                await cache.Origin.SetAsync(step.Key, model.Versions[^1], Ct);
            }

            switch (step.What)
            {
                case What.Read:
                    await ReadAsync(cache.Store, model, step, confirmed: history.Confirms);
                    break;
                case What.Flush:
                    await cache.Storage.FlushAsync(Ct);
                    break;
                case What.Reopen:
                    await cache.ReopenAsync();
                    break;
                case What.Change or What.Set:
                    model.Add(CacheFixture.Bytes(step.Size, seed: i));
                    await (step.What == What.Set ? cache.Store : (IZarrStore)cache.Origin).SetAsync(step.Key, model.Versions[^1]!, Ct);
                    break;
                default:
                    model.Add(null);
                    await (step.What == What.Erase ? cache.Store : (IZarrStore)cache.Origin).EraseAsync(step.Key, Ct);
                    break;
            }

            if (step.What is What.Set or What.Erase)
            {
                model.Oldest = model.Versions.Count - 1;
            }
        }

        atTheEnd(cache.Origin, models.Values.Sum(model => model.Wanted.Count(isWanted => isWanted)));
    }

    /// <summary>Reads, and holds the answer against every version that may still be served.</summary>
    private static async Task ReadAsync(CachedStore store, Model model, Step step, bool confirmed)
    {
        byte[]? bytes = null;
        RangeNotSatisfiableException? refusal = null;
        try
        {
            bytes = await store.GetBytesAsync(step.Key, step.Range, Ct);
        }
        catch (RangeNotSatisfiableException exception)
        {
            refusal = exception;
        }

        bool unsatisfiable = refusal is not null;

        int oldest = confirmed ? model.Versions.Count - 1 : model.Oldest;
        int served = model.Versions.FindIndex(oldest, version => Matches(version, step.Range, bytes, unsatisfiable));
        Assert.True(served >= 0, $"{step.Range} of '{step.Key}' is {(unsatisfiable ? "unsatisfiable" : $"{bytes?.Length} bytes")}, which no version from {oldest} to {model.Versions.Count - 1} is. {refusal}");
        model.Oldest = served;
        if (!unsatisfiable && bytes is not null)
        {
            step.Range.TryResolve(model.Versions[served]!.Length, out long offset, out long length);
            Array.Fill(model.Wanted, true, (int)offset, (int)length);
        }
    }

    private static bool Matches(byte[]? version, ByteRange range, byte[]? bytes, bool unsatisfiable)
    {
        if (version is null || unsatisfiable)
        {
            return version is null ? bytes is null && !unsatisfiable : !range.TryResolve(version.Length, out _, out _);
        }

        return bytes is not null && range.TryResolve(version.Length, out long offset, out long length)
            && version.AsSpan((int)offset, (int)length).SequenceEqual(bytes);
    }

    /// <param name="What">What is done.</param>
    /// <param name="Key">To which key.</param>
    /// <param name="Range">The range of a read.</param>
    /// <param name="Size">The size of a new version.</param>
    private sealed record Step(What What, string Key, ByteRange Range, int Size);

    /// <param name="Steps">What happens.</param>
    /// <param name="Confirms">Whether the time to live is zero, so that only the newest version may be served.</param>
    /// <param name="Alignment">To what requests are rounded out.</param>
    private sealed record History(IReadOnlyList<Step> Steps, bool Confirms, long Alignment)
    {
        public override string ToString() => $"confirms: {Confirms}, alignment: {Alignment}\n{string.Join('\n', Steps)}";
    }

    private sealed class Model
    {
        /// <summary>Every version that the origin ever had; null where it had none.</summary>
        public List<byte[]?> Versions { get; } = [];

        /// <summary>The oldest that may still be served.</summary>
        public int Oldest { get; set; }

        /// <summary>The bytes that were asked for.</summary>
        public bool[] Wanted { get; } = new bool[MostBytes];

        public void Add(byte[]? version) => Versions.Add(version);
    }

    /// <summary>A cache over SQLite and the file system, or over both in memory, that can be closed and opened again.</summary>
    private sealed class ReopenedCache : IAsyncDisposable
    {
        private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        private readonly string? _directory;
        private readonly long _maxSize;
        private readonly CachedStoreOptions _options;
        private readonly StoreOpener _opener;
        private IStoreIndex _index;

        public ReopenedCache(bool onDisk, long maxSize, History history)
        {
            TimeSpan timeToLive = history.Confirms ? TimeSpan.Zero : Timeout.InfiniteTimeSpan;
            _options = new CachedStoreOptions
            {
                TimeProvider = _time,
                ChunkTimeToLive = timeToLive,
                AbsentTimeToLive = timeToLive,
                MaxWholeObject = 2000,
                MaxPart = 700,
                PartAlignment = history.Alignment,
            };
            _maxSize = maxSize;
            _directory = onDisk ? Directory.CreateTempSubdirectory("zarrcache-model-").FullName : null;
            _opener = onDisk ? FileSystemStore.Opener(Path.Combine(_directory!, "{store_id}.zarr")) : MemoryStore.Opener();
            Origin = new ObservedOrigin(_time);
            _index = OpenIndex();
            (Storage, Store) = Open();
        }

        public ObservedOrigin Origin { get; }

        public IndexedCacheStorage Storage { get; private set; }

        public CachedStore Store { get; private set; }

        public async Task ReopenAsync()
        {
            await CloseAsync();
            _index = OpenIndex();
            (Storage, Store) = Open();
        }

        public async ValueTask DisposeAsync()
        {
            await CloseAsync();
            await _index.DisposeAsync();
            await Origin.DisposeAsync();
            if (_directory is not null)
            {
                Directory.Delete(_directory, recursive: true);
            }
        }

        private async Task CloseAsync()
        {
            await Store.DisposeAsync();
            await Storage.DisposeAsync();
            if (_directory is not null)
            {
                await _index.DisposeAsync();
            }
        }

        private IStoreIndex OpenIndex() => _directory is not null ? new SqliteStoreIndex(Path.Combine(_directory, "index.db")) : _index ?? new MemoryStoreIndex();

        private (IndexedCacheStorage Storage, CachedStore Store) Open()
        {
            var storage = new IndexedCacheStorage(_index, _opener, new IndexedCacheStorageOptions { MaxSize = _maxSize, TimeProvider = _time });
            return (storage, new CachedStore(Origin, "s", storage, _options));
        }
    }
}
