namespace ZarrCache;

/// <summary>
/// Decides whether a value or part is worth what must go for it; asked when the cache is full, after the policy
/// (<see cref="EvictionPolicy.Admits"/>) and before anything is given up. The place for a word that the policy does not have:
/// "nothing of the forecast goes for the archive". What is to be cached never, full or not, belongs into <see cref="CachedStoreOptions.Filter"/>.
/// </summary>
/// <param name="candidate">What is to be cached, with its size and load duration; it has no priority yet.</param>
/// <param name="bytes">How many bytes must be given up for it.</param>
/// <returns>False: it is not written.</returns>
/// <remarks>Called by one thread at a time, in the background; it must not block. What it throws counts as a failed write.</remarks>
public delegate bool AdmissionFilter(IndexEntry candidate, long bytes);
