using System.Buffers;

namespace ZarrCache;

/// <summary>What callers of a store find convenient; everything here stands on the methods of <see cref="IZarrStore"/>.</summary>
public static class ZarrStoreExtensions
{
    /// <summary>How often a read is begun when its object changes under it: often enough for one that several processes write and evict without end.</summary>
    private const int Attempts = 10;

    /// <summary>The bytes of a value, or of a range of it; null if the key does not exist.</summary>
    /// <exception cref="ObjectChangedException">The object changed during each of ten reads.</exception>
    /// <inheritdoc cref="IZarrStore.GetAsync" path="/exception"/>
    public static async ValueTask<byte[]?> GetBytesAsync(this IZarrStore store, string key, ByteRange range = default, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        for (int attempt = 1; ; attempt++)
        {
            ReadResult result = await store.GetAsync(key, new ReadOptions(range), ct).ConfigureAwait(false);
            await using (result.ConfigureAwait(false))
            {
                if (result.Status != ReadStatus.Found)
                {
                    return null;
                }

                if (result.Length > Array.MaxLength)
                {
                    throw new StoreException($"The value of '{key}' has {result.Length} bytes, more than one array can hold; read it by ranges or with CopyToAsync.");
                }

                byte[] bytes = GC.AllocateUninitializedArray<byte>((int)result.Length);
                try
                {
                    await result.ReadAsync(bytes, ct).ConfigureAwait(false);
                    return bytes;
                }
                catch (ObjectChangedException) when (attempt < Attempts)
                {
                    // a new answer is of the new object
                }
            }
        }
    }

    /// <summary>Begins a read of the whole value.</summary>
    /// <inheritdoc cref="IZarrStore.GetAsync" path="/*[not(self::summary)]"/>
    public static ValueTask<ReadResult> GetAsync(this IZarrStore store, string key, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return store.GetAsync(key, default, ct);
    }

    /// <summary>Whether the key has a value. Costs one read of headers.</summary>
    public static async ValueTask<bool> ExistsAsync(this IZarrStore store, string key, CancellationToken ct = default) =>
        await store.GetInfoAsync(key, ct).ConfigureAwait(false) is not null;

    /// <summary>Size and version of a value, null if there is none. Costs one read of headers.</summary>
    public static async ValueTask<ObjectInfo?> GetInfoAsync(this IZarrStore store, string key, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ReadResult result = await store.GetAsync(key, new ReadOptions(HeadersOnly: true), ct).ConfigureAwait(false);
        await using (result.ConfigureAwait(false))
        {
            return result.Status == ReadStatus.Found ? result.Info : null;
        }
    }

    /// <summary>Writes or replaces a value, all or nothing.</summary>
    public static ValueTask<ObjectInfo> SetAsync(this IZarrStore store, string key, ReadOnlyMemory<byte> value, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return store.SetAsync(key, new ReadOnlySequence<byte>(value), ct);
    }

    /// <summary>Removes a value.</summary>
    /// <returns>Whether there was one.</returns>
    public static ValueTask<bool> EraseAsync(this IZarrStore store, string key)
    {
        ArgumentNullException.ThrowIfNull(store);
        return store.EraseAsync(key, CancellationToken.None);
    }

    /// <summary>How many keys begin with <paramref name="prefix"/>. O(keys).</summary>
    public static async ValueTask<long> CountAsync(this IZarrStore store, string prefix = "", CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        long count = 0;
        await foreach (string _ in store.ListPrefixAsync(prefix, ct).ConfigureAwait(false))
        {
            count++;
        }

        return count;
    }

    /// <summary>The bytes of all values whose key begins with <paramref name="prefix"/>. One read of headers for each.</summary>
    public static async ValueTask<long> GetSizeAsync(this IZarrStore store, string prefix = "", CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        long size = 0;
        await foreach (string key in store.ListPrefixAsync(prefix, ct).ConfigureAwait(false))
        {
            size += (await store.GetInfoAsync(key, ct).ConfigureAwait(false))?.Size ?? 0;
        }

        return size;
    }

    /// <summary>Every key.</summary>
    public static IAsyncEnumerable<string> ListAsync(this IZarrStore store, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return store.ListPrefixAsync("", ct);
    }

    /// <summary>What lies directly below a prefix, by default at the top.</summary>
    public static IAsyncEnumerable<string> ListDirAsync(this IZarrStore store, string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(store);
        return store.ListDirAsync(prefix, CancellationToken.None);
    }

    /// <summary>Removes every value.</summary>
    public static ValueTask ClearAsync(this IZarrStore store, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return store.ErasePrefixAsync("", ct);
    }
}
