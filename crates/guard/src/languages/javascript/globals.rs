//! Names that are there without a declaration: in the language, in Node.js, in browsers and their
//! workers, in test runners. Which of these a file runs in it does not say, so all count.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Whether a name may be a global.
pub(super) fn is_known(name: &str) -> bool {
    static NAMES: LazyLock<HashSet<&str>> =
        LazyLock::new(|| NAMES_TEXT.split_whitespace().collect());
    NAMES.contains(name)
        // What browsers call the classes of their elements and their old constants.
        || ["HTML", "SVG", "WebGL", "RTC", "IDB", "CSS", "GPU", "Audio", "MIDI", "Media", "XR", "USB"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

const NAMES_TEXT: &str = "
AggregateError Array ArrayBuffer AsyncDisposableStack AsyncIterator Atomics BigInt BigInt64Array
BigUint64Array Boolean DataView Date DisposableStack Error EvalError FinalizationRegistry
Float16Array Float32Array Float64Array Function Infinity Int16Array Int32Array Int8Array
InternalError Intl Iterator JSON Map Math NaN Number Object Promise Proxy RangeError
ReferenceError Reflect RegExp Set SharedArrayBuffer String SuppressedError Symbol SyntaxError
Temporal TypeError URIError Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef
WeakSet arguments decodeURI decodeURIComponent encodeURI encodeURIComponent escape eval globalThis
isFinite isNaN parseFloat parseInt undefined unescape

AbortController AbortSignal Blob BroadcastChannel Buffer ByteLengthQueuingStrategy CloseEvent
CompressionStream CountQueuingStrategy Crypto CryptoKey CustomEvent DOMException
DecompressionStream Event EventSource EventTarget File FormData Headers MessageChannel
MessageEvent MessagePort Navigator Performance PerformanceEntry PerformanceMark
PerformanceMeasure PerformanceObserver PerformanceObserverEntryList PerformanceResourceTiming
ReadableByteStreamController ReadableStream ReadableStreamBYOBReader ReadableStreamBYOBRequest
ReadableStreamDefaultController ReadableStreamDefaultReader Request Response Storage
SubtleCrypto TextDecoder TextDecoderStream TextEncoder TextEncoderStream TransformStream
TransformStreamDefaultController URL URLPattern URLSearchParams WebAssembly WebSocket
WritableStream WritableStreamDefaultController WritableStreamDefaultWriter __dirname __filename
atob btoa clearImmediate clearInterval clearTimeout console crypto exports fetch global
localStorage module navigator performance process queueMicrotask require sessionStorage
setImmediate setInterval setTimeout structuredClone

AnalyserNode Animation AnimationEffect AnimationEvent AnimationTimeline Attr BaseAudioContext
BatteryManager BeforeUnloadEvent BiquadFilterNode CDATASection Cache CacheStorage
CanvasGradient CanvasPattern CanvasRenderingContext2D CaretPosition CharacterData Clipboard
ClipboardEvent ClipboardItem Comment CompositionEvent Credential CredentialsContainer
CustomElementRegistry CustomStateSet DOMImplementation DOMMatrix DOMMatrixReadOnly DOMParser
DOMPoint DOMPointReadOnly DOMQuad DOMRect DOMRectList DOMRectReadOnly DOMStringList
DOMStringMap DOMTokenList DataTransfer DataTransferItem DataTransferItemList DeviceMotionEvent
DeviceOrientationEvent Document DocumentFragment DocumentTimeline DocumentType DragEvent Element
ElementInternals ErrorEvent ExtendableEvent FetchEvent FileList FileReader FileReaderSync
FileSystemDirectoryHandle FileSystemFileHandle FileSystemHandle FocusEvent FontFace
FontFaceSet FormDataEvent FragmentDirective GainNode Gamepad GamepadButton GamepadEvent
Geolocation GeolocationPosition HashChangeEvent Highlight HighlightRegistry History
Image ImageBitmap ImageBitmapRenderingContext ImageCapture ImageData InputEvent
IntersectionObserver IntersectionObserverEntry KeyboardEvent KeyframeEffect
LargestContentfulPaint LayoutShift Location Lock LockManager MathMLElement MouseEvent
MutationObserver MutationRecord NamedNodeMap NavigationPreloadManager NetworkInformation Node
NodeFilter NodeIterator NodeList Notification OfflineAudioContext OffscreenCanvas
OffscreenCanvasRenderingContext2D Option OscillatorNode OverconstrainedError
PageTransitionEvent PannerNode Path2D PaymentRequest PerformanceNavigation
PerformanceNavigationTiming PerformanceTiming PeriodicWave PermissionStatus Permissions
PictureInPictureWindow PluginArray PointerEvent PopStateEvent ProcessingInstruction
ProgressEvent PromiseRejectionEvent PublicKeyCredential PushManager PushSubscription
RadioNodeList Range ReportingObserver ResizeObserver ResizeObserverEntry Screen
ScreenOrientation ScriptProcessorNode SecurityPolicyViolationEvent Selection ServiceWorker
ServiceWorkerContainer ServiceWorkerGlobalScope ServiceWorkerRegistration ShadowRoot
SharedWorker SourceBuffer SpeechSynthesis SpeechSynthesisUtterance StaticRange StereoPannerNode
StorageEvent StorageManager StyleSheet StyleSheetList SubmitEvent Text TextMetrics TextTrack
TextTrackCue TextTrackList TimeRanges ToggleEvent Touch TouchEvent TouchList TrackEvent
TransitionEvent TreeWalker TrustedHTML TrustedScript TrustedTypePolicy UIEvent VTTCue
ValidityState VideoFrame ViewTransition VisualViewport WakeLock WaveShaperNode WebTransport
WheelEvent Window Worker Worklet WorkerGlobalScope WorkerLocation WorkerNavigator XMLDocument
XMLHttpRequest XMLHttpRequestEventTarget XMLSerializer XPathEvaluator XPathExpression
XPathResult XSLTProcessor addEventListener alert blur caches cancelAnimationFrame
cancelIdleCallback clients close closed confirm cookieStore createImageBitmap customElements
devicePixelRatio dispatchEvent document event external find focus frameElement frames
getComputedStyle getSelection history importScripts indexedDB innerHeight innerWidth
isSecureContext launchQueue length location locationbar matchMedia menubar moveBy moveTo name
navigation offscreenBuffering onabort onblur onchange onclick onclose onconnect onerror onfetch
onfocus oninput oninstall onkeydown onkeyup onload onmessage onmousedown onmousemove onmouseup
onoffline ononline onpopstate onpush onresize onscroll onstorage onsubmit onunload open opener
origin outerHeight outerWidth pageXOffset pageYOffset parent personalbar postMessage print prompt
registration removeEventListener reportError requestAnimationFrame requestIdleCallback resizeBy
resizeTo screen screenLeft screenTop screenX screenY scheduler scroll scrollBy scrollTo scrollX
scrollY scrollbars self skipWaiting speechSynthesis status statusbar stop styleMedia toolbar top
trustedTypes visualViewport window

$ jQuery React Vue angular define requirejs amdRequire Deno Bun chrome browser ActiveXObject
WScript Java Packages importPackage load print quit
after afterAll afterEach assert before beforeAll beforeEach bench context cy Cypress describe expect
expectTypeOf fail fdescribe fit it jasmine jest mocha pending QUnit run setup sinon specify
spyOn suite suiteSetup suiteTeardown teardown test vi vitest xdescribe xit xtest
";
