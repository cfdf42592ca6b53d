namespace ZarrCache.Index.Faster;

/// <summary>All that is known of an index at one moment beside its log and its hash table, as <see cref="CheckpointFile"/> keeps it.</summary>
internal sealed record Checkpoint
{
    /// <summary>When it was made.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Whether the index was closed with it: nothing came after.</summary>
    public required bool Closed { get; init; }

    /// <summary>What <see cref="IStoreIndex.ConfirmSweptAsync"/> has not been called for yet.</summary>
    public required IndexCondition Condition { get; init; }

    /// <summary>The logical clock.</summary>
    public required long Clock { get; init; }

    /// <summary>The log from its first record to its end, and the bytes of it that live records take.</summary>
    public required (long Begin, long End, long LiveBytes) Log { get; init; }

    /// <summary>The settings that the files are laid out by.</summary>
    public required int PageBytes { get; init; }

    /// <summary>FASTER's own metadata.</summary>
    public required Guid LogToken { get; init; }

    /// <inheritdoc cref="LogToken"/>
    public required byte[] LogMetadata { get; init; }

    /// <summary>The hash table that the log after it is replayed onto; empty if there is none.</summary>
    public required Guid TableToken { get; init; }

    /// <inheritdoc cref="TableToken"/>
    public required byte[] TableMetadata { get; init; }

    /// <summary>The length and the XxHash3 of its file.</summary>
    public required (long Length, ulong Hash) Table { get; init; }

    /// <summary>The size of the table in memory, bytes.</summary>
    public required long TableBytes { get; init; }

    public required string Policy { get; init; }

    public required byte[] PolicyState { get; init; }

    public required IReadOnlyList<Pin> Pins { get; init; }

    /// <summary>The stores, by their numbers.</summary>
    public required IReadOnlyList<(string Id, IndexTotals Totals)> Stores { get; init; }
}
