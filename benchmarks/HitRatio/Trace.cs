namespace ZarrCache.HitRatio;

/// <summary>One read of a trace.</summary>
/// <param name="Key">Which object, as a place in <see cref="Trace.Keys"/>.</param>
/// <param name="Size">Its bytes; 1 where a trace says nothing of sizes, so that a cache of so many bytes holds so many objects.</param>
/// <param name="Cost">What a miss costs, in milliseconds; 1 where a trace says nothing of it.</param>
public readonly record struct Request(int Key, long Size, double Cost);

/// <summary>The reads of objects, in order.</summary>
public sealed class Trace
{
    /// <summary>A trace of given reads.</summary>
    public Trace(string name, IReadOnlyList<EntryKey> keys, IReadOnlyList<Request> requests)
    {
        Name = name;
        Keys = keys;
        Requests = requests;
        long[] sizes = new long[keys.Count];
        foreach (Request request in requests)
        {
            sizes[request.Key] = request.Size;
        }

        Footprint = sizes.Sum();
    }

    public string Name { get; }

    /// <summary>The place in a cache of each object.</summary>
    public IReadOnlyList<EntryKey> Keys { get; }

    public IReadOnlyList<Request> Requests { get; }

    /// <summary>The bytes of all objects together, each by its last size.</summary>
    public long Footprint { get; }

    /// <summary>The bytes of a cache that holds a share of the footprint.</summary>
    public long Capacity(double share) => Math.Max(1, (long)(Footprint * share));
}
