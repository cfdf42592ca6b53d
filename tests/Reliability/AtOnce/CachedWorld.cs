namespace ZarrCache.Reliability;

/// <summary>An origin, of which one fetch in ten fails, and a cache of it, both in memory: small enough to be made for every few operations.</summary>
internal sealed class CachedWorld : IAsyncDisposable
{
    private static readonly string[] Keys = ["u/.zarray", "u/c/0", "u/c/1"];

    private readonly OracleOrigin _origin = new("s", 0);
    private readonly MemoryStoreIndex _index = new();
    private readonly IndexedCacheStorage _storage;
    private readonly CachedStore _store;

    public CachedWorld()
    {
        _storage = new IndexedCacheStorage(_index, MemoryStore.Opener(), maxSize: 48 * 1024);
        _store = new CachedStore(new FlakyOrigin(_origin), "s", _storage, new CachedStoreOptions { MaxWholeObject = 8 * 1024 });
    }

    public enum Act
    {
        Read,
        ReadRange,
        Write,
        Erase,
        ErasePrefix,
        Delete,
        DeletePrefix,
        Flush,
    }

    /// <summary>Does one thing; that the origin fails, or an object changes on the way, is told to whoever reads it.</summary>
    public async Task DoAsync(Act act, int number)
    {
        string key = Keys[number % Keys.Length];
        try
        {
            await (act switch
            {
                Act.Read => ReadAsync(key),
                Act.ReadRange => _store.GetBytesAsync(key, ByteRange.Slice(number % 8, 1 + (number % 3000))).AsTask(),
                Act.Write => _store.SetAsync(key, Oracle.Content("s", key, number)).AsTask(),
                Act.Erase => _store.EraseAsync(key, default).AsTask(),
                Act.ErasePrefix => _store.ErasePrefixAsync("u/", default).AsTask(),
                Act.Delete => _storage.DeleteAsync("s", key, default).AsTask(),
                Act.DeletePrefix => _storage.DeletePrefixAsync("s", "u/c/", default).AsTask(),
                _ => _storage.FlushAsync(default).AsTask(),
            });
        }
        catch (StoreException exception) when (IsExpected(exception))
        {
            // one in ten
        }
    }

    /// <summary>Now that nobody writes, every key is read as the origin has it, before and after all is written that waits.</summary>
    public async Task CheckAsync()
    {
        await CheckKeysAsync();
        await _storage.FlushAsync(default);
        await CheckKeysAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        await _storage.DisposeAsync();
        await _index.DisposeAsync();
    }

    /// <summary>It may be any version that there was meanwhile, but no mixture.</summary>
    private async Task ReadAsync(string key)
    {
        if (await _store.GetBytesAsync(key) is { } bytes)
        {
            Oracle.Recognize("s", key, bytes);
        }
    }

    private async Task CheckKeysAsync()
    {
        foreach (string key in Keys)
        {
            byte[]? content = _origin.Content(key);
            byte[]? bytes = await ReadPatientlyAsync(key);
            if (content is null ? bytes is not null : bytes is null || !bytes.AsSpan().SequenceEqual(content))
            {
                throw new WrongBytesException($"'{key}' is not as the origin has it.");
            }
        }
    }

    private async Task<byte[]?> ReadPatientlyAsync(string key)
    {
        while (true)
        {
            try
            {
                return await _store.GetBytesAsync(key);
            }
            catch (StoreException exception) when (exception is not ObjectChangedException && IsExpected(exception))
            {
                // one in ten
            }
        }
    }

    private static bool IsExpected(StoreException exception) =>
        exception is ObjectChangedException || exception.Message == FlakyOrigin.Failure || exception.InnerException?.Message == FlakyOrigin.Failure;
}
