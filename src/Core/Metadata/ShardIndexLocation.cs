namespace ZarrCache.Metadata;

/// <summary>Where a shard keeps the index of its inner chunks.</summary>
public enum ShardIndexLocation
{
    /// <summary>After the chunks: the default.</summary>
    End,

    /// <summary>Before them.</summary>
    Start,
}
