namespace ZarrCache;

/// <summary>What <see cref="TimingCacheStorage"/> has measured. A snapshot. What failed with an exception is not in it.</summary>
/// <param name="Get">Hits, absences among them: the bytes that were taken, and the time from the call until they were, without the time that the caller spent between his reads.</param>
/// <param name="Miss">Gets that found nothing.</param>
/// <param name="Put">Values, parts and absences taken in. Where writing goes on in the background, its time is not in this.</param>
/// <param name="Declined">Puts that were declined, with their bytes.</param>
/// <param name="Delete">Deletes of keys, whose bytes are not known, and of prefixes with their bytes.</param>
public readonly record struct CacheTimings(OperationTiming Get, OperationTiming Miss, OperationTiming Put, OperationTiming Declined, OperationTiming Delete);
