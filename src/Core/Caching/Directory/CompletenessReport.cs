namespace ZarrCache;

/// <summary>How much of a dataset a cache holds.</summary>
/// <param name="Cached">Keys whose value is cached.</param>
/// <param name="Absent">Keys that the origin is known not to have.</param>
/// <param name="Missing">Keys of which neither is known.</param>
public readonly record struct CompletenessReport(long Cached, long Absent, long Missing)
{
    /// <summary>Whether nothing is missing.</summary>
    public bool IsComplete => Missing == 0;

    internal CompletenessReport Add(EntryKind? kind) => kind switch
    {
        EntryKind.Value => this with { Cached = Cached + 1 },
        EntryKind.Absent => this with { Absent = Absent + 1 },
        _ => this with { Missing = Missing + 1 },
    };
}
