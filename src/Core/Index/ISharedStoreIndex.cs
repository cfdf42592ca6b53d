namespace ZarrCache;

/// <summary>
/// What an index can do besides that machines share: it keeps leases, so that of all who miss a key at a time one fetches it, and it
/// tells when its server lost what it held. Optional: an index of one machine has no use for it.
/// </summary>
public interface ISharedStoreIndex : IStoreIndex
{
    /// <summary>How long a lease holds that is not prolonged; zero if none are kept.</summary>
    TimeSpan LeaseDuration { get; }

    /// <summary>Grows when the index was made anew while it was open: its entries are gone, their files are not.</summary>
    long Generation { get; }

    /// <summary>Takes the lease of a place, if nobody has it.</summary>
    /// <param name="place">What is to be fetched: the place of an entry, which need not be there.</param>
    /// <param name="holder">Who wants it: a number of the caller's, drawn once.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>Who has it now: <paramref name="holder"/>, or another.</returns>
    ValueTask<long> TakeLeaseAsync(EntryKey place, long holder, CancellationToken ct);

    /// <summary>Prolongs the leases of some places to their full duration again, as far as <paramref name="holder"/> has them still.</summary>
    ValueTask ProlongLeasesAsync(IReadOnlyCollection<EntryKey> places, long holder, CancellationToken ct);

    /// <summary>Gives a lease back, if <paramref name="holder"/> has it still.</summary>
    ValueTask ReleaseLeaseAsync(EntryKey place, long holder, CancellationToken ct);
}
