using System.Buffers;
using System.IO.Hashing;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using System.Text;
using Xunit;

namespace ZarrCache.Conformance;

/// <summary>
/// What every <see cref="ICacheStorage"/> must do. A storage derives from it and hands in instances that evict the least
/// recently used first; one whose content outlives its instance derives from <see cref="PersistentCacheStorageSuite"/>.
/// The facts lie by subject in the files beside this one.
/// </summary>
public abstract partial class CacheStorageSuite : IAsyncLifetime
{
    /// <summary>A size that media with blocks do not round up.</summary>
    private protected const int Unit = 64 << 10;

    private protected const long Plenty = 1L << 30;

    private protected static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly List<ICacheStorage> _opened = [];

    protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>A new and empty storage with a budget of so many bytes. Called several times by one fact; the suite disposes of each.</summary>
    protected abstract ValueTask<ICacheStorage> CreateAsync(long maxSize);

    public virtual ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>Disposes of the storages that the fact opened. Who removes what lies below them overrides this, and calls it first.</summary>
    public virtual async ValueTask DisposeAsync()
    {
        foreach (ICacheStorage storage in _opened)
        {
            await storage.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>An empty storage that lives as long as the fact.</summary>
    protected async Task<ICacheStorage> NewAsync(long maxSize = Plenty) => Keep(await CreateAsync(maxSize));

    private protected ICacheStorage Keep(ICacheStorage storage)
    {
        _opened.Add(storage);
        return storage;
    }

    /// <summary>The bytes that version <paramref name="version"/> of a key of a store has, and no other: a wrong byte is known anywhere.</summary>
    private protected static byte[] BytesOf(string store, string key, int version, int size)
    {
        ulong word = XxHash3.HashToUInt64(Encoding.UTF8.GetBytes($"{store}\n{key}\n{version}"));
        ulong[] words = new ulong[(size + sizeof(ulong) - 1) / sizeof(ulong)];
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = word += 0x9E37_79B9_7F4A_7C15;
        }

        return MemoryMarshal.AsBytes(words.AsSpan())[..size].ToArray();
    }

    private protected static CacheItem Item(string key, SharedBuffer bytes, string store = "s", int version = 1) => new()
    {
        StoreId = store,
        Key = key,
        Kind = EntryKind.Value,
        Info = new ObjectInfo(bytes.Length, $"\"{version}-{bytes.Length}\"", Noon),
        Bytes = bytes,
        LoadDuration = TimeSpan.FromTicks(12_345),
        FetchedAt = Noon.AddTicks(1),
    };

    private protected static SharedBuffer BufferOf(byte[] bytes) => SharedBuffer.Copy(new ReadOnlySequence<byte>(bytes));

    /// <summary>Puts a value, whose buffer its caller then holds no longer.</summary>
    private protected static async Task<bool> PutAsync(ICacheStorage storage, string key, int size = Unit, string store = "s", int version = 1)
    {
        using SharedBuffer buffer = BufferOf(BytesOf(store, key, version, size));
        return await storage.PutAsync(Item(key, buffer, store, version), Ct);
    }

    private protected static async Task<bool> PutAbsentAsync(ICacheStorage storage, string key, string store = "s") =>
        await storage.PutAsync(new CacheItem { StoreId = store, Key = key, Kind = EntryKind.Absent, FetchedAt = Noon }, Ct);

    /// <summary>Puts a value and waits until it is written, so that the next one comes after it.</summary>
    private protected static async Task PutInTurnAsync(ICacheStorage storage, params string[] keys)
    {
        foreach (string key in keys)
        {
            Assert.True(await PutAsync(storage, key));
            await storage.FlushAsync(Ct);
        }
    }

    /// <summary>What a key reads as: its bytes, empty text for an absence, or null for a miss.</summary>
    private protected static async Task<byte[]?> ReadAsync(ICacheStorage storage, string key, string store = "s", ByteRange range = default)
    {
        CacheHit? hit = await storage.GetAsync(store, key, range, Ct);
        if (hit is null)
        {
            return null;
        }

        await using (hit)
        {
            return await TakeAsync(hit);
        }
    }

    private protected static async Task<byte[]> TakeAsync(CacheHit hit)
    {
        byte[] bytes = new byte[hit.Length];
        await hit.ReadAsync(bytes, Ct);
        return bytes;
    }

    private protected static async Task<byte[]> TakeByPipeAsync(CacheHit hit)
    {
        var pipe = new Pipe();
        Task copy = CopyAsync();
        using var received = new MemoryStream();
        await pipe.Reader.CopyToAsync(received, Ct);
        await copy;
        return received.ToArray();

        async Task CopyAsync()
        {
            await hit.CopyToAsync(pipe.Writer, Ct);
            await pipe.Writer.CompleteAsync();
        }
    }

    private protected static async Task AssertHitAsync(ICacheStorage storage, string key, int size = Unit, string store = "s", int version = 1)
    {
        CacheHit? hit = await storage.GetAsync(store, key, ByteRange.All, Ct);
        Assert.True(hit is not null, $"'{key}' of store '{store}' is a miss.");
        await using (hit)
        {
            Assert.Equal(ReadStatus.Found, hit.Status);
            Assert.Equal((0, size), (hit.Offset, hit.Length));
            AssertBytes(BytesOf(store, key, version, size), await TakeAsync(hit));
        }
    }

    private protected static async Task AssertMissAsync(ICacheStorage storage, string key, string store = "s")
    {
        Assert.Null(await storage.FindAsync(store, key, Ct));
        Assert.Null(await storage.GetAsync(store, key, ByteRange.All, Ct));
    }

    private protected static void AssertBytes(byte[] expected, byte[] actual) =>
        Assert.True(expected.AsSpan().SequenceEqual(actual), $"{actual.Length} bytes, wrong from byte {expected.AsSpan().CommonPrefixLength(actual)} of {expected.Length} on.");
}
