namespace ZarrCache;

/// <summary>An answer whose headers are there and whose body is still on the line. Whoever has it disposes of it once, which closes the connection unless the body was read to its end, or nearly.</summary>
/// <param name="Headers">The headers.</param>
/// <param name="Body">The body, where the status has one.</param>
/// <param name="Owner">What the body lives on.</param>
internal readonly record struct RemoteReply(AnswerHeaders Headers, Stream Body, IDisposable Owner);

/// <summary>Carries the requests of one remote store until the headers of an answer are there: retries, time-outs, credentials. Thread-safe.</summary>
internal interface IRemoteTransport
{
    /// <summary>Asks for a key and completes with the headers of an answer, whose status will not change by repeating it.</summary>
    /// <exception cref="StoreException">There was none within the retries; <see cref="OriginUnavailableException"/> if the store is out of reach or too slow.</exception>
    Task<RemoteReply> SendAsync(string key, ReadOptions read, CancellationToken ct);

    /// <summary>Where a key lies, for messages: no secret in it.</summary>
    string Describe(string key);

    /// <summary>Whether the status means that there is no such object.</summary>
    bool IsAbsent(int status);
}
