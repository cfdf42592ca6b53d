namespace ZarrCache.Storage.S3;

/// <summary>When uploads carry a check sum beside their signature.</summary>
public enum S3RequestChecksums
{
    /// <summary>At Amazon's always, at a server of one's own only where the operation requires it.</summary>
    Auto,

    /// <summary>Only where the operation requires it.</summary>
    WhenRequired,

    /// <summary>Wherever the operation supports it: the SDK's own default.</summary>
    WhenSupported,
}
