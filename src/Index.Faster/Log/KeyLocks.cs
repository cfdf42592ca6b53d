namespace ZarrCache.Index.Faster;

/// <summary>
/// Locks by key, so that whoever reads and then writes one finds it unchanged: a few thousand, each for many keys. Held
/// across the read of a record that is on disk, which is the key's own, and never while another is taken.
/// </summary>
internal sealed class KeyLocks
{
    private const int Count = 4096;

    private readonly Lock[] _locks = [.. Enumerable.Range(0, Count).Select(_ => new Lock())];

    /// <summary>The lock of store and key (see <see cref="RecordKey.PrefixOf"/>): all records of a key share one.</summary>
    public Lock.Scope Enter(ReadOnlySpan<byte> prefix) => _locks[RecordKey.Hash(prefix) % Count].EnterScope();
}
