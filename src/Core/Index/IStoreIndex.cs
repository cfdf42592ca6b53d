namespace ZarrCache;

/// <summary>
/// The bookkeeping of a cache: one <see cref="IndexEntry"/> for each cached value, part and absence, of many stores.
/// It knows nothing of the bytes. Thread-safe. A completed write is visible to every later call, of other processes
/// too where the index is shared by processes.
/// </summary>
/// <remarks>
/// Order is a matter of the <see cref="EvictionPolicy"/> that the index was made with: it gives each entry a priority
/// on push and on mark, by the index's logical clock (which only ever grows, whatever the wall clock does), and pop
/// gives up the smallest first. Every failure is a <see cref="ZarrCacheException"/> with its cause.
/// </remarks>
public interface IStoreIndex : IAsyncDisposable
{
    /// <summary>In what condition the index was found when it was opened; what is not <see cref="IndexCondition.Clean"/> stays so at each opening until <see cref="ConfirmSweptAsync"/>. Of a <see cref="ISharedStoreIndex"/>: or when it was made anew last.</summary>
    IndexCondition Condition { get; }

    /// <summary>Files and rows have been held against each other: who opens the index next finds it clean, unless another user of it ends without closing.</summary>
    ValueTask ConfirmSweptAsync(CancellationToken ct);

    /// <summary>The entry at a place, or null. May lag behind <see cref="MarkAsync"/> in what marks change. O(log n) or better.</summary>
    ValueTask<IndexEntry?> FindAsync(EntryKey key, CancellationToken ct);

    /// <summary>The parts of a key that share a byte with [<paramref name="offset"/>, <paramref name="offset"/> + <paramref name="length"/>), by offset. O(log n + answer).</summary>
    /// <remarks>The parts of one key are disjoint, which their writer sees to: an index need not find one that lies under another.</remarks>
    ValueTask<IReadOnlyList<IndexEntry>> FindPartsAsync(string storeId, string key, long offset, long length, CancellationToken ct);

    /// <summary>Inserts or replaces an entry; it is now the most recently used. The policy gives it its priority.</summary>
    /// <returns>The entry that it replaced, or null.</returns>
    ValueTask<IndexEntry?> PushAsync(IndexEntry entry, CancellationToken ct);

    /// <summary>As <see cref="PushAsync"/> for each, in order, in as few transactions as the index can; a failure may leave a first part of them pushed.</summary>
    ValueTask PushManyAsync(ReadOnlyMemory<IndexEntry> entries, CancellationToken ct);

    /// <summary>
    /// Removes and returns the entries that the policy gives up first (see <see cref="PopRequest"/>), in its order.
    /// No entry is returned twice, whoever else pops.
    /// </summary>
    ValueTask<IReadOnlyList<IndexEntry>> PopAsync(PopRequest request, CancellationToken ct);

    /// <summary>
    /// Whether the policy would rather have an entry than the first that <paramref name="request"/> would pop: what would be
    /// given up at once need not be written. True where nothing would be popped, for metadata documents and for what is pinned.
    /// At once, for a policy that takes everything (<see cref="EvictionPolicy.AdmitsAll"/>); else as costly as a pop of one entry.
    /// </summary>
    ValueTask<bool> AdmitsAsync(IndexEntry entry, PopRequest request, CancellationToken ct);

    /// <summary>
    /// Records an access: last access, count, and the policy's new priority. Marks may be coalesced and lost in a crash;
    /// <see cref="PopAsync"/> and <see cref="EnumerateAsync"/> of this instance see all that completed before, an enumeration
    /// by key alone excepted, which may lag behind as <see cref="FindAsync"/> does. No entry, no effect.
    /// </summary>
    ValueTask MarkAsync(EntryKey key, DateTimeOffset at, CancellationToken ct);

    /// <summary>Records that the origin confirmed the entry. No entry, no effect; order does not change.</summary>
    ValueTask TouchAsync(EntryKey key, DateTimeOffset validatedAt, CancellationToken ct);

    /// <summary>Removes an entry.</summary>
    /// <param name="key">Its place.</param>
    /// <param name="ifVersion">Only if it has this version: whoever found a bad file must not remove the row of who has just replaced it. Null for any.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>The removed entry, or null.</returns>
    ValueTask<IndexEntry?> DeleteAsync(EntryKey key, long? ifVersion, CancellationToken ct);

    /// <summary>Removes everything of a key: value or absence, and parts. Returns what was removed.</summary>
    ValueTask<IReadOnlyList<IndexEntry>> DeleteKeyAsync(string storeId, string key, CancellationToken ct);

    /// <summary>Removes every entry of a store whose key begins with <paramref name="prefix"/> (empty, or ending in <c>/</c>). Returns what they amounted to.</summary>
    ValueTask<IndexTotals> DeletePrefixAsync(string storeId, string prefix, CancellationToken ct);

    /// <summary>
    /// Pins a prefix (empty, or ending in <c>/</c>): no entry of the store below it is popped, whether it is there already or
    /// pushed later. Kept for as long as the index itself, deletes of the entries included. Pinning twice is no error.
    /// O(entries below it).
    /// </summary>
    /// <returns>What is there below it already.</returns>
    ValueTask<IndexTotals> PinAsync(Pin pin, CancellationToken ct);

    /// <summary>Takes a pin back; entries below it that no other pin covers are popped again as the policy says. O(entries below it).</summary>
    /// <returns>Whether there was such a pin.</returns>
    ValueTask<bool> UnpinAsync(Pin pin, CancellationToken ct);

    /// <summary>The pins, by store, then prefix.</summary>
    ValueTask<IReadOnlyList<Pin>> ListPinsAsync(CancellationToken ct);

    /// <summary>What the entries of one store, or of all (null), amount to. O(1), exact.</summary>
    ValueTask<IndexTotals> GetTotalsAsync(string? storeId, CancellationToken ct);

    /// <summary>The ids of the stores that have an entry, sorted. O(stores).</summary>
    ValueTask<IReadOnlyList<string>> ListStoresAsync(CancellationToken ct);

    /// <summary>Streams entries; those that come, go or change meanwhile may be missed or given in either state, none twice in the same state.</summary>
    /// <exception cref="ArgumentException">The query contradicts itself (see <see cref="IndexQuery.Validate"/>).</exception>
    IAsyncEnumerable<IndexEntry> EnumerateAsync(IndexQuery query, CancellationToken ct);

    /// <summary>Writes out what is still coalesced in memory.</summary>
    ValueTask FlushAsync(CancellationToken ct);
}
