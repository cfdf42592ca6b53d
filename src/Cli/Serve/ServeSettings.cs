namespace ZarrCache.Cli.Serve;

/// <summary>What <c>serve</c> was told, by a file, by options, or both. What is null is left to defaults.</summary>
internal sealed record ServeSettings
{
    /// <summary>The keys of a configuration file, as the schema has them.</summary>
    public static readonly string[] Keys =
        ["$schema", "cache", "maxSize", "policy", "index", "storage", "urls", "allowedHosts", "cors", "maxConcurrentRequests", "clientMaxAge", "stores"];

    public string? Cache { get; init; }

    public long? MaxSize { get; init; }

    public string? Policy { get; init; }

    public string? Index { get; init; }

    public string? Storage { get; init; }

    public IReadOnlyList<string> Urls { get; init; } = [];

    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    public IReadOnlyList<string> Cors { get; init; } = [];

    public int? MaxConcurrentRequests { get; init; }

    public TimeSpan? ClientMaxAge { get; init; }

    public IReadOnlyList<ServeStore> Stores { get; init; } = [];
}

/// <summary>A store to be served.</summary>
internal sealed record ServeStore(string Id, string Origin)
{
    /// <summary>The keys of a store in a configuration file.</summary>
    public static readonly string[] Keys =
        ["origin", "minSize", "maxSize", "metadataTimeToLive", "chunkTimeToLive", "absentTimeToLive", "offline", "connections", "allowRedirectsToOtherHosts"];

    public long? MinSize { get; init; }

    public long? MaxSize { get; init; }

    public TimeSpan? MetadataTimeToLive { get; init; }

    public TimeSpan? ChunkTimeToLive { get; init; }

    public TimeSpan? AbsentTimeToLive { get; init; }

    public bool Offline { get; init; }

    public int Connections { get; init; } = 32;

    public bool AllowRedirectsToOtherHosts { get; init; }
}
