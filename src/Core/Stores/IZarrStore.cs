using System.Buffers;

namespace ZarrCache;

/// <summary>
/// A map of Zarr keys to bytes: an origin, a chunk storage and the cached store alike, so that tiers compose.
/// The names are those of the Zarr v3 specification's abstract store. Thread-safe; every method may be called by many
/// callers at once. What callers find convenient beyond this is in <see cref="ZarrStoreExtensions"/>.
/// </summary>
/// <remarks>
/// A key obeys <see cref="ZarrKey.Validate"/>. A prefix is empty or ends in <c>/</c>; what stands before is a valid key.
/// Missing is a status; failure is a <see cref="StoreException"/> with its cause. A read-only store refuses to write
/// with a <see cref="NotSupportedException"/> that says so, as does a store that cannot list when it is asked to.
/// </remarks>
public interface IZarrStore : IAsyncDisposable
{
    /// <summary>Begins a read: the answer knows the object's size and version, its bytes are taken from it.</summary>
    /// <returns>An answer that the caller disposes of.</returns>
    /// <exception cref="ArgumentException">The key is none.</exception>
    /// <exception cref="RangeNotSatisfiableException">The object has no byte in the range.</exception>
    /// <exception cref="StoreException">The store failed.</exception>
    ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct);

    /// <summary>
    /// Writes or replaces a value, all or nothing: no reader ever sees part of it, and a failure leaves what was there.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The bytes; read only until the returned task completes.</param>
    /// <param name="ct">Gives up; the old value then remains.</param>
    /// <returns>What the store now holds.</returns>
    ValueTask<ObjectInfo> SetAsync(string key, ReadOnlySequence<byte> value, CancellationToken ct);

    /// <summary>Removes a value; erasing what is not there is no error.</summary>
    /// <returns>Whether there was one.</returns>
    ValueTask<bool> EraseAsync(string key, CancellationToken ct);

    /// <summary>Removes every value whose key begins with <paramref name="prefix"/>; the empty prefix removes all.</summary>
    ValueTask ErasePrefixAsync(string prefix, CancellationToken ct);

    /// <summary>The keys that begin with <paramref name="prefix"/>, in no order, streamed.</summary>
    IAsyncEnumerable<string> ListPrefixAsync(string prefix, CancellationToken ct);

    /// <summary>
    /// What lies directly below <paramref name="prefix"/>, in no order, each once: a key in full, and for the keys further
    /// down the prefix that they share, ending in <c>/</c>.
    /// </summary>
    IAsyncEnumerable<string> ListDirAsync(string prefix, CancellationToken ct);
}
