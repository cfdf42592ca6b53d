namespace ZarrCache.Server;

/// <summary>A store as it is open.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Address">Where its origin is, without secrets.</param>
/// <param name="Store">It, read through the cache.</param>
/// <param name="Origin">What it is read from.</param>
internal sealed record ServedStore(string Id, string Address, CachedStore Store, IZarrStore Origin)
{
    private volatile OriginFault? _lastFault;

    /// <summary>The last time that the origin failed a client; null if it never did.</summary>
    public OriginFault? LastFault
    {
        get => _lastFault;
        set => _lastFault = value;
    }
}

/// <summary>Why an origin could not be read.</summary>
/// <param name="At">When.</param>
/// <param name="Reason">What it, or the way to it, said; no secret is in it.</param>
internal sealed record OriginFault(DateTimeOffset At, string Reason);
