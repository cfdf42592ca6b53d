namespace ZarrCache.Index.Faster;

/// <summary>What is to be done with a record.</summary>
internal enum RecordOperation : byte
{
    /// <summary>Copies the value out.</summary>
    Read,

    /// <summary>Only asks whether there is one.</summary>
    Probe,

    /// <summary>Writes a value: over the old one if that is as long and not on disk yet, else at the end of the log.</summary>
    Write,

    /// <summary>Writes a value at the end of the log, whatever there is.</summary>
    Append,

    /// <summary>Writes an entry at the end of the log, and copies out the value that it replaces, if there is one, whose place in the order of pushes it takes over.</summary>
    Push,

    /// <summary>An access, under a policy that ranks by the clock.</summary>
    MarkToClock,

    /// <summary>An access, under a policy that ranks when the entry's turn comes.</summary>
    MarkInPlace,

    /// <summary>An access, with the priority that the policy gave.</summary>
    MarkToPriority,

    /// <summary>A new priority.</summary>
    Rank,

    /// <summary>The origin confirmed the entry.</summary>
    Touch,
}

/// <summary>The operation and its numbers, as they go into FASTER; with <see cref="RecordOperation.Push"/> where the value lies, which must stay there until it is done.</summary>
internal readonly record struct RecordInput(RecordOperation Operation, long Clock = 0, long Ticks = 0, double Priority = 0, nint Source = 0, int Length = 0);
