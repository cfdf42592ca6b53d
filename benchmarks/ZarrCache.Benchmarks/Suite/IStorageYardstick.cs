namespace ZarrCache.Benchmarks.Suite;

/// <summary>What stands below a storage, used by hand: the same bytes, and no names to escape, no records, no options. For many callers.</summary>
public interface IStorageYardstick : IAsyncDisposable
{
    ValueTask WriteAsync(string name, ReadOnlyMemory<byte> bytes);

    /// <summary>Reads a whole object into the caller's memory, which is as long.</summary>
    ValueTask ReadAsync(string name, Memory<byte> destination);

    /// <summary>Removes an object; one that is not there is no error.</summary>
    ValueTask EraseAsync(string name);
}
