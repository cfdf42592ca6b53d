using System.Globalization;
using System.Net;
using System.Xml;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.S3;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ZarrCache.Storage.S3;

/// <summary>
/// The way to one bucket: a client of the SDK, the repetitions and the time-outs around its calls, and what their failures
/// mean. Shared by the stores of a cache, closed by the last of them. Thread-safe.
/// </summary>
internal sealed class S3Connection : IDisposable
{
    private readonly Attempts _attempts;
    private volatile bool _disposed;

    public S3Connection(S3Settings settings)
    {
        Settings = settings;
        Client = settings.CreateClient();
        Client.BeforeRequestEvent += static (_, sent) =>
        {
            // before it is signed
            if (sent is WebServiceRequestEventArgs { Headers: { } headers } && headers.TryGetValue("Range", out string? range) && range == S3Reads.Whole)
            {
                headers.Remove("Range");
            }
        };
        _attempts = new Attempts(settings.Options.ToAttemptOptions());
        Uploads = new SemaphoreSlim(settings.Options.MaxUploads);
    }

    public S3Settings Settings { get; }

    public S3StoreOptions Options => Settings.Options;

    public string Bucket => Settings.Bucket;

    public RequestPayer? Payer => Settings.RequesterPays ? RequestPayer.Requester : null;

    public ILogger Logger => Options.Logger ?? NullLogger.Instance;

    /// <summary>The places for uploads.</summary>
    public SemaphoreSlim Uploads { get; }

    /// <summary>Whether the bucket is known to exist.</summary>
    public bool SawBucket { get; private set; }

    private AmazonS3Client Client { get; }

    /// <summary>An object as messages name it.</summary>
    public string Describe(string name) => $"s3://{Bucket}/{name} at {Settings.Server}";

    /// <summary>Calls the SDK, as often as may help.</summary>
    /// <param name="name">What the call is about, for messages: the name of an object, or a prefix.</param>
    /// <param name="timeout">Of one attempt.</param>
    /// <param name="call">The call; for each attempt anew.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="AmazonServiceException">The server refuses, and would again.</exception>
    /// <exception cref="StoreException">All else that went wrong.</exception>
    /// <exception cref="ObjectDisposedException">It was closed.</exception>
    public async Task<T> TryAsync<T>(string name, TimeSpan timeout, Func<IAmazonS3, CancellationToken, Task<T>> call, CancellationToken ct)
    {
        ObjectDisposedException.ThrowIf(_disposed, typeof(S3ZarrStore));
        ct.ThrowIfCancellationRequested();
        try
        {
            T result = await _attempts.RunAsync(
                static (state, token) => state.Self.AttemptAsync(state.Name, state.Call, token),
                (Self: this, Name: name, Call: call),
                timeout,
                static state => state.Self.Describe(state.Name),
                ct).ConfigureAwait(false);
            SawBucket = true;
            return result;
        }
        catch (AmazonClientException e) when (e.Message.Contains("resolve AWS credentials", StringComparison.Ordinal))
        {
            throw new StoreException($"{Describe(name)} cannot be asked without credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE, name a profile, or read a public bucket with 'anonymous=true'.", e);
        }
        catch (Exception e) when (e is not (AmazonServiceException or StoreException or ObjectDisposedException) && IsFault(e))
        {
            throw new StoreException($"{Describe(name)} cannot be asked: {e.Message}", e);
        }
    }

    /// <summary>As <see cref="TryAsync"/>, for those to whom a refusal is a failure.</summary>
    /// <inheritdoc cref="TryAsync" path="/exception[not(@cref='T:Amazon.Runtime.AmazonServiceException')]"/>
    public async Task<T> CallAsync<T>(string what, string name, TimeSpan timeout, Func<IAmazonS3, CancellationToken, Task<T>> call, CancellationToken ct)
    {
        try
        {
            return await TryAsync(name, timeout, call, ct).ConfigureAwait(false);
        }
        catch (AmazonServiceException e)
        {
            throw Failure(what, name, e);
        }
    }

    /// <summary>A refusal, with what to do about it.</summary>
    public StoreException Failure(string what, string name, AmazonServiceException e) => new($"Cannot {what} {Describe(name)}: {Explain(e)}", e);

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            Client.Dispose();
        }
    }

    private async Task<T> AttemptAsync<T>(string name, Func<IAmazonS3, CancellationToken, Task<T>> call, CancellationToken ct)
    {
        try
        {
            return await call(Client, ct).ConfigureAwait(false);
        }
        catch (AmazonServiceException e) when (e.StatusCode == 0 && e.InnerException is HttpRequestException failed)
        {
            throw new HttpRequestException(failed.HttpRequestError, failed.Message, failed); // of which it is known what a repetition may help
        }
        catch (AmazonServiceException e) when (e.StatusCode == 0 && e.InnerException is IOException failed)
        {
            throw new IOException(failed.Message, failed);
        }
        catch (AmazonServiceException e) when (RemoteStatusException.IsTransient(e.StatusCode) || IsTransient(e.ErrorCode))
        {
            throw new RemoteStatusException(e.ErrorCode is "RequestTimeout" or "SlowDown" ? HttpStatusCode.ServiceUnavailable : e.StatusCode, $"{Describe(name)} answered {Explain(e)}", RetryAfter(e), e);
        }
        catch (Exception) when (_disposed)
        {
            throw new ObjectDisposedException(nameof(S3ZarrStore));
        }
    }

    /// <summary>What a server says with a status of 4xx, and may not say again: it is busy with the object, or the body came otherwise than it was sent.</summary>
    private static bool IsTransient(string? code) =>
        code is "RequestTimeout" or "SlowDown" or "OperationAborted" or "ConcurrentModification" or "BadDigest" or "IncompleteBody" or "XAmzContentSHA256Mismatch";

    private static bool IsFault(Exception e) => e is AmazonClientException or XmlException or FormatException or InvalidOperationException or ArgumentException;

    private string Explain(AmazonServiceException e)
    {
        string code = string.IsNullOrEmpty(e.ErrorCode) ? e.StatusCode.ToString() : e.ErrorCode;
        string said = string.IsNullOrWhiteSpace(e.Message) || e.Message.StartsWith("Error making request", StringComparison.Ordinal) ? "" : $": {e.Message.Trim()}";
        string region = HeaderOf(e, "x-amz-bucket-region") is { } own && own != Settings.Region ? $" The bucket lies in the region '{own}' and was asked for in '{Settings.Region}'." : "";
        string advice = code switch
        {
            "NoSuchBucket" => $" There is no bucket '{Bucket}' there; look at its name and at the endpoint.",
            "AccessDenied" or "Forbidden" => " Look at the permissions of the credentials; a public bucket is read without any ('anonymous').",
            "InvalidAccessKeyId" => " The server does not know the access key.",
            "SignatureDoesNotMatch" => " The secret does not belong to the access key, or something on the way changes requests.",
            "PermanentRedirect" or "AuthorizationHeaderMalformed" or "MovedPermanently" => " Set the bucket's region.",
            "RequestTimeTooSkewed" => " Set the clock of this machine.",
            "XAmzContentSHA256Mismatch" => $" The server does not understand the check sum of uploads; set {nameof(S3StoreOptions.RequestChecksums)} to {nameof(S3RequestChecksums.WhenRequired)}.",
            "InvalidObjectState" => " It lies in an archive and must be restored first.",
            _ => "",
        };
        return string.Create(CultureInfo.InvariantCulture, $"{(int)e.StatusCode} ({code}{said}).{region}{advice}");
    }

    private TimeSpan? RetryAfter(AmazonServiceException e)
    {
        string? value = HeaderOf(e, "Retry-After");
        return int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds) ? TimeSpan.FromSeconds(seconds)
            : DateTimeOffset.TryParse(value, CultureInfo.InvariantCulture, out DateTimeOffset date) && date - Options.TimeProvider.GetUtcNow() is { } wait ? (wait < TimeSpan.Zero ? TimeSpan.Zero : wait)
            : null;
    }

    /// <summary>A header of the answer that a refusal came with.</summary>
    public static string? HeaderOf(AmazonServiceException e, string name) =>
        e.InnerException is HttpErrorResponseException { Response: { } response } && response.IsHeaderPresent(name) ? response.GetHeaderValue(name) : null;
}
