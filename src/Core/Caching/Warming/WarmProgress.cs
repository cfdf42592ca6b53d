namespace ZarrCache;

/// <summary>How far a <see cref="Warmer"/> is. A snapshot.</summary>
/// <param name="Keys">Keys done, in whatever way.</param>
/// <param name="Fetched">Keys whose value was fetched.</param>
/// <param name="FetchedBytes">Their bytes.</param>
/// <param name="Cached">Keys whose value was cached and fresh already.</param>
/// <param name="Absent">Keys that the origin does not have; that it does not is cached too.</param>
/// <param name="Failed">Keys that the origin failed to give.</param>
/// <param name="OriginRequests">What the origin was asked, planning included.</param>
public readonly record struct WarmProgress(
    long Keys, long Fetched, long FetchedBytes, long Cached, long Absent, long Failed, long OriginRequests);
