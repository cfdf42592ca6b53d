namespace ZarrCache;

/// <summary>Whatever ZarrCache reports as failed; the cause is kept in <see cref="Exception.InnerException"/>. A missing key is no failure.</summary>
public class ZarrCacheException : Exception
{
    /// <inheritdoc cref="ZarrCacheException"/>
    public ZarrCacheException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>A store could not read, write or list; the message names the key and the place, never a secret.</summary>
public class StoreException : ZarrCacheException
{
    /// <inheritdoc cref="StoreException"/>
    public StoreException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>The origin cannot be reached, or did not answer within its retries.</summary>
public sealed class OriginUnavailableException : StoreException
{
    /// <summary>Whether it was too slow: the connection, an attempt or all of them ran out of time, or the origin says so of what lies behind it (408, 504).</summary>
    public bool IsTimeout => OriginFailure.IsTimeout(this);

    /// <inheritdoc cref="OriginUnavailableException"/>
    public OriginUnavailableException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>An object became another one between the beginning of an answer and its last byte. Reading again gives the new one.</summary>
public sealed class ObjectChangedException : StoreException
{
    /// <inheritdoc cref="ObjectChangedException"/>
    public ObjectChangedException(string key, Exception? innerException = null)
        : base($"The object '{key}' changed while it was being read; read it again.", innerException)
    {
    }
}

/// <summary>A range has no byte of the object in it: HTTP's 416.</summary>
public sealed class RangeNotSatisfiableException : StoreException
{
    /// <inheritdoc cref="RangeNotSatisfiableException"/>
    public RangeNotSatisfiableException(string key, ByteRange range, long size)
        : base($"The range {range} of '{key}' has no byte in it: the object has {size} bytes.")
    {
        Size = size;
    }

    /// <summary>The size of the object, bytes.</summary>
    public long Size { get; }
}

/// <summary>An index, a manifest or a record is damaged, or was written by a newer version.</summary>
public sealed class CacheFormatException : ZarrCacheException
{
    /// <inheritdoc cref="CacheFormatException"/>
    public CacheFormatException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
