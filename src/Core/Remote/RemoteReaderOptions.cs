using Microsoft.Extensions.Logging;

namespace ZarrCache;

/// <summary>How bodies are read, whoever carries them; the stores' own options tell the units and the defaults.</summary>
internal sealed record RemoteReaderOptions
{
    public required int MaxConnections { get; init; }

    public required int MaxResumptions { get; init; }

    public required long MaxUnsizedBody { get; init; }

    public required TimeSpan StallTimeout { get; init; }

    public required long MinBytesPerSecond { get; init; }

    public required ILogger Logger { get; init; }

    public required TimeProvider TimeProvider { get; init; }
}
