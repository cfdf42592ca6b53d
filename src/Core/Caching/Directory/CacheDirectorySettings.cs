using Microsoft.Extensions.Logging;

namespace ZarrCache;

/// <summary>
/// How a cache directory is opened. What is null is taken from its manifest, or for a new cache from the defaults. A
/// given <see cref="MaxSize"/> or <see cref="Policy"/> is the user's latest word: it is written to the manifest, and
/// processes that have the cache open keep theirs until they open it again. A given <see cref="Index"/> or
/// <see cref="Storage"/> that differs from the manifest's is refused: what is cached would be out of reach.
/// </summary>
public sealed record CacheDirectorySettings
{
    /// <summary>50 GiB.</summary>
    public const long DefaultMaxSize = 50L << 30;

    /// <summary><c>sqlite</c>.</summary>
    public const string DefaultIndex = "sqlite";

    /// <summary>One directory for each store, below the cache directory.</summary>
    public const string DefaultStorage = "chunks/" + StoreOpener.Placeholder + ".zarr";

    /// <summary>The bytes on the medium that all chunks may take up together, 1 or more; <see cref="DefaultMaxSize"/> for a new cache.</summary>
    public long? MaxSize { get; init; }

    /// <summary>What is given up first; <see cref="EvictionPolicy.Lru"/> for a new cache.</summary>
    public EvictionPolicy? Policy { get; init; }

    /// <summary>The kind of index, or the address of the server that keeps it, whose secrets are used and not written down; <see cref="DefaultIndex"/> for a new cache.</summary>
    public string? Index { get; init; }

    /// <summary>The pattern of the chunk storage; <see cref="DefaultStorage"/> for a new cache.</summary>
    public string? Storage { get; init; }

    /// <summary>Refuse a directory without a cache rather than make one: for whoever only looks.</summary>
    public bool MustExist { get; init; }

    /// <summary>Change nothing: of an index that another process has to itself, its last checkpoint is enough. For whoever only looks; writing may then fail.</summary>
    public bool LookOnly { get; init; }

    /// <summary>Changes what no manifest says, such as the queue; what it makes of MaxSize is not heeded.</summary>
    public Func<IndexedCacheStorageOptions, IndexedCacheStorageOptions>? ConfigureStorage { get; init; }

    /// <summary>The clock; <see cref="TimeProvider.System"/> if null.</summary>
    public TimeProvider? TimeProvider { get; init; }

    /// <summary>Where the cache and its back ends log; nowhere if null.</summary>
    public ILogger? Logger { get; init; }
}
