namespace ZarrCache;

/// <summary>
/// Whether files without rows may be taken over: as long as a sweep is due of an index that is new, or lost its last writes. Until
/// it is confirmed who forgets a key must remove all bytes that there are of it, since the sweep would bring back those that have no
/// row; after that a file without a row is nobody's. Thread-safe; to ask is one read of a field, of a shared index two.
/// </summary>
internal sealed class Takeovers
{
    private readonly IStoreIndex _index;
    private readonly ISharedStoreIndex? _shared;
    private long _generation;
    private int _sweeps;

    public Takeovers(IStoreIndex index)
    {
        _index = index;
        _shared = index as ISharedStoreIndex;
        _generation = _shared?.Generation ?? 0;
        _sweeps = index.Condition == IndexCondition.Clean ? 0 : 1;
    }

    /// <summary>Whether one is possible. Of an index that is shared and was lost already before <see cref="BeginIfLost"/> is told so.</summary>
    public bool ArePossible => (Volatile.Read(ref _sweeps) > 0 && _index.Condition is IndexCondition.Created or IndexCondition.Rewound) || IsLost(out _);

    /// <summary>Whether the index was made anew under this process since it was asked last: then a sweep is to be run.</summary>
    public bool BeginIfLost()
    {
        if (!IsLost(out long generation))
        {
            return false;
        }

        Interlocked.Increment(ref _sweeps); // first: else nothing would be possible for a moment
        if (Interlocked.Exchange(ref _generation, generation) != generation)
        {
            return true;
        }

        End(); // another one was quicker
        return false;
    }

    /// <summary>A sweep is confirmed.</summary>
    public void End() => Interlocked.Decrement(ref _sweeps);

    private bool IsLost(out long generation)
    {
        generation = _shared?.Generation ?? 0;
        return generation != Volatile.Read(ref _generation);
    }
}
