namespace ZarrCache;

/// <summary>
/// A read from the cache. Its bytes are verified against the entry's check sums before they are given away; if they
/// are not what was stored, the entry is dropped and <see cref="CorruptEntryException"/> is thrown, which tells
/// the caller to ask the origin for what remains.
/// </summary>
public abstract class CacheHit : ReadResult
{
    /// <summary>A hit of an absence.</summary>
    protected CacheHit(IndexEntry entry)
        : base(ReadStatus.Absent, default) => Entry = entry;

    /// <summary>A hit of bytes <paramref name="offset"/> to <paramref name="offset"/> + <paramref name="length"/> of the object.</summary>
    protected CacheHit(IndexEntry entry, long offset, long length)
        : base(entry.Info, offset, length) => Entry = entry;

    /// <summary>The entry that was hit.</summary>
    public IndexEntry Entry { get; }
}

/// <summary>Cached bytes are not those that were stored (torn, cut, swapped), or cannot be read. The origin still has them.</summary>
public sealed class CorruptEntryException : StoreException
{
    /// <inheritdoc cref="CorruptEntryException"/>
    public CorruptEntryException(IndexEntry entry, string fault, Exception? innerException = null)
        : base($"The cached bytes of '{entry?.Key}' of store '{entry?.StoreId}' are not what was stored: {fault}.", innerException)
    {
    }
}
