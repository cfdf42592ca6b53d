namespace ZarrCache.Metadata;

/// <summary>
/// Elements of one axis, <paramref name="Start"/>, <paramref name="Start"/> + <paramref name="Step"/>, …,
/// <paramref name="Count"/> of them, and the chunks of <paramref name="ChunkLength"/> elements that they lie in.
/// </summary>
internal readonly record struct AxisSelection(long Start, long Count, long Step, long ChunkLength)
{
    /// <summary>How many chunks are touched.</summary>
    public long ChunkCount => Count == 0 ? 0 : SkipsChunks ? Count : Last / ChunkLength - Start / ChunkLength + 1;

    /// <summary>A step longer than a chunk lands in another chunk each time; a shorter one leaves none out.</summary>
    private bool SkipsChunks => Step > ChunkLength;

    private long Last => Start + (Count - 1) * Step;

    /// <summary>The <paramref name="i"/>th chunk that is touched, ascending.</summary>
    public long ChunkAt(long i) => SkipsChunks ? (Start + i * Step) / ChunkLength : Start / ChunkLength + i;
}
