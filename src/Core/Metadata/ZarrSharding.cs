using System.Collections.Immutable;

namespace ZarrCache.Metadata;

/// <summary>How an array packs several inner chunks into each stored object, the shard, from which they can be read alone by ranges.</summary>
/// <param name="InnerChunkShape">The elements of an inner chunk along each axis; they divide those of the shard.</param>
/// <param name="IndexLocation">Where the shard's index lies.</param>
public sealed record ZarrSharding(ImmutableArray<long> InnerChunkShape, ShardIndexLocation IndexLocation);
