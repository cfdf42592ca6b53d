using CsCheck;
using Xunit;
using ZarrCache.Storage.FileSystem;

namespace ZarrCache.Reliability;

/// <summary>Generated work on a whole cache whose files are damaged under it, one fetch in ten failing: held against a model of what was written.</summary>
public sealed class DamagedFilesTests(ITestOutputHelper output)
{
    private static readonly string[] Keys = [.. Enumerable.Range(0, 6).Select(i => $"u/c/{i}")];

    private enum Act
    {
        Read,
        ReadRange,
        Write,
        Flip,
        Cut,
        Zero,
        Swap,
        Link,
        Remove,
        Flush,
    }

    [Fact]
    public async Task Files_that_are_flipped_cut_zeroed_swapped_or_replaced_by_links_are_never_served()
    {
        long hits = 0;
        Gen<(Act Act, int Key, int Number)[]> work = Gen.Select(Gen.Enum<Act>(), Gen.Int[0, Keys.Length - 1], Gen.Int[0, 1 << 20]).Array[5, 40];
        await work.SampleAsync(
            async acts =>
            {
                await using var run = new Run();
                foreach ((Act act, int key, int number) in acts)
                {
                    await run.DoAsync(act, Keys[key], number);
                }

                Interlocked.Add(ref hits, run.Hits);
            },
            iter: Counts.Damages);
        output.WriteLine($"{Counts.Damages} runs, {hits} hits, 0 wrong");
        Assert.InRange(hits, 1, long.MaxValue);
    }

    private sealed class Run : IAsyncDisposable
    {
        private readonly string _root = Directory.CreateTempSubdirectory("zarrcache-damaged-").FullName;
        private readonly MemoryStoreIndex _index = new();
        private readonly IndexedCacheStorage _storage;
        private readonly FlakyOrigin _origin = new(new OracleOrigin("s", 0));
        private readonly CachedStore _store;
        private readonly Dictionary<string, long> _versions = [];
        private long _version;

        public Run()
        {
            _storage = new IndexedCacheStorage(_index, FileSystemStore.Opener(Path.Combine(_root, "{store_id}.zarr")), maxSize: 64 * 1024);
            _store = new CachedStore(_origin, "s", _storage);
        }

        public long Hits => _store.Statistics.Hits;

        public async Task DoAsync(Act act, string key, int number)
        {
            switch (act)
            {
                case Act.Read or Act.ReadRange:
                    await ReadAsync(key, act == Act.Read ? ByteRange.All : ByteRange.Slice(number % 8, 1 + (number % 3000)));
                    break;
                case Act.Write:
                    await _store.SetAsync(key, Oracle.Content("s", key, ++_version));
                    _versions[key] = _version;
                    break;
                case Act.Flush:
                    await _storage.FlushAsync(default);
                    break;
                default:
                    await _storage.FlushAsync(default);
                    try
                    {
                        Damage(act, number);
                    }
                    catch (IOException e) when (e is FileNotFoundException or DirectoryNotFoundException)
                    {
                        // a sweep in the background removed the file, or the directory that was empty for a moment
                    }

                    break;
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _store.DisposeAsync();
            await _storage.DisposeAsync();
            await _index.DisposeAsync();
            Directory.Delete(_root, recursive: true);
        }

        /// <summary>A failure of the origin is the caller's to know; every other answer is right.</summary>
        private async Task ReadAsync(string key, ByteRange range)
        {
            byte[] expected = Oracle.Content("s", key, _versions.GetValueOrDefault(key));
            try
            {
                byte[]? bytes = await _store.GetBytesAsync(key, range);
                (long offset, long length) = range.Resolve(key, expected.Length);
                if (bytes is null || !bytes.AsSpan().SequenceEqual(expected.AsSpan((int)offset, (int)length)))
                {
                    throw new WrongBytesException($"'{key}' is not as it was written last.");
                }
            }
            catch (StoreException exception) when (exception.Message == FlakyOrigin.Failure || exception.InnerException?.Message == FlakyOrigin.Failure)
            {
                // one in ten
            }
        }

        private void Damage(Act act, int number)
        {
            // those that a sweep in the background tries names out with are gone the next moment
            string[] files = [.. Directory.GetFiles(_root, "*", SearchOption.AllDirectories).Where(file => !Path.GetFileName(file).StartsWith(".zarrcache-tmp-", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
            if (files.Length == 0)
            {
                return;
            }

            string file = files[number % files.Length];
            string other = files[number / 7 % files.Length];
            if (new FileInfo(file).LinkTarget is not null || new FileInfo(other).LinkTarget is not null)
            {
                return;
            }

            byte[] bytes = File.ReadAllBytes(file);
            switch (act)
            {
                case Act.Flip when bytes.Length > 0:
                    bytes[number % bytes.Length] ^= (byte)(1 << (number % 8));
                    File.WriteAllBytes(file, bytes);
                    break;
                case Act.Cut when bytes.Length > 0:
                    File.WriteAllBytes(file, bytes[..(number % bytes.Length)]);
                    break;
                case Act.Zero:
                    File.WriteAllBytes(file, new byte[bytes.Length]);
                    break;
                case Act.Swap when file != other:
                    File.Move(file, file + ".aside");
                    File.Move(other, file);
                    File.Move(file + ".aside", other);
                    break;
                case Act.Link when file != other:
                    File.Delete(file);
                    File.CreateSymbolicLink(file, other);
                    break;
                case Act.Remove:
                    File.Delete(file);
                    break;
                default:
                    break;
            }
        }
    }
}
