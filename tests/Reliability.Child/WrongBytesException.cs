namespace ZarrCache.Reliability;

/// <summary>What must never happen. No fault of a store, so that nothing on the way takes it for one.</summary>
internal sealed class WrongBytesException(string message) : Exception(message);
