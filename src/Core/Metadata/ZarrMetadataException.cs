namespace ZarrCache.Metadata;

/// <summary>A metadata document is missing, malformed, or describes what is not supported; the message names the document, the place in it and the rule.</summary>
public sealed class ZarrMetadataException : ZarrCacheException
{
    /// <inheritdoc cref="ZarrMetadataException"/>
    public ZarrMetadataException(string document, string fault, Exception? innerException = null)
        : base($"The Zarr metadata document '{document}' {fault}.", innerException) => Document = document;

    /// <summary>The key of the document.</summary>
    public string Document { get; }
}
