namespace ZarrCache.Index.Faster;

/// <summary>What one pop remembers of the entries that it left: those that the policy kept, and the stores that give up no more.</summary>
internal sealed class PopPass(PopRequest request, int? store, IndexState state)
{
    private readonly HashSet<ulong> _kept = [];
    private readonly HashSet<(string, Retention, EntryKind)> _closed = [];
    private readonly List<(VictimWindow Window, Candidate Candidate)> _aside = [];

    /// <summary>Whose turn it is.</summary>
    public Retention Retention { get; set; }

    /// <summary>Which window has the next victim.</summary>
    public WindowKey Window => new(store, request.Kind, Retention);

    /// <summary>How many candidates wait until the pop is over.</summary>
    public int Aside => _aside.Count;

    /// <summary>Whether an entry may go, as the minima of its store say.</summary>
    public bool Allows(IndexEntry entry, LogStore log)
    {
        if (request.Minima?.ContainsKey(entry.StoreId) != true)
        {
            return true;
        }

        var order = (entry.StoreId, entry.Retention, entry.Kind);
        if (!_closed.Contains(order) && request.Allows(log.TotalsOf(state.Stores.Get(entry.StoreId)), entry))
        {
            return true;
        }

        _closed.Add(order);
        return false;
    }

    /// <summary>Whether the policy's will to keep an entry is done: once in a pop, and not for too many.</summary>
    public bool Keeps(ReadOnlySpan<byte> key) => _kept.Count < EvictionPolicy.MaxKept && _kept.Add(RecordKey.Hash(key));

    public void PutAside(VictimWindow window, Candidate candidate) => _aside.Add((window, candidate));

    /// <summary>Whoever waited may go in the next pop.</summary>
    public void GiveBack()
    {
        foreach ((VictimWindow window, Candidate candidate) in _aside)
        {
            window.Add(candidate);
        }

        _aside.Clear();
    }
}
