/**
 * Certificates of a CA that exists for one run of the tests, made by the openssl command.
 *
 * @module
 */

/** A certificate and its key: PEM, and where they stand. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly certPath: string;
  readonly keyPath: string;
}

/** What a certificate is to say. */
export interface CertificateWish {
  /** Common name. */
  name?: string;
  /** Names and addresses that it is for, as openssl writes them. */
  for?: string;
  /** Whether it is valid no more. */
  isExpired?: boolean;
  /** Whether it is signed by itself and not by the CA. */
  isSelfSigned?: boolean;
  /** Kind of key: small ones are quick. */
  key?: "ec" | "rsa";
}

/** A CA and what it has signed, in a folder of its own that goes with it. */
export class TestCa implements Disposable {
  readonly folder: string;
  /** PEM of the CA's own certificate, and where it stands. */
  readonly cert: string;
  readonly certPath: string;
  #count = 0;

  constructor(name = "Test CA") {
    this.folder = Deno.makeTempDirSync({ prefix: "certificates" });
    this.certPath = `${this.folder}/ca.crt`;
    openssl(
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
      ...["-keyout", `${this.folder}/ca.key`, "-out", this.certPath, "-days", "30"],
      ...["-subj", `/CN=${name}`],
    );
    this.cert = Deno.readTextFileSync(this.certPath);
  }

  /** Makes a certificate, for this machine's own names if no others are wanted. */
  issue(wish: CertificateWish = {}): Certificate {
    const { name = "localhost", isExpired = false, isSelfSigned = false, key = "ec" } = wish;
    const names = wish.for ?? "DNS:localhost,IP:127.0.0.1,IP:::1";
    const base = `${this.folder}/${++this.#count}`;
    const [certPath, keyPath] = [`${base}.crt`, `${base}.key`];
    const kind = key === "ec"
      ? ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
      : ["-newkey", "rsa:2048"];
    const subject = ["-nodes", "-keyout", keyPath, "-subj", `/CN=${name}`];
    if (isSelfSigned) {
      openssl(
        ...["req", "-x509", ...kind, ...subject, "-days", "30", "-out", certPath],
        ...["-addext", `subjectAltName=${names}`],
      );
    } else {
      Deno.writeTextFileSync(`${base}.ext`, `subjectAltName=${names}\nbasicConstraints=CA:FALSE\n`);
      openssl("req", ...kind, ...subject, "-out", `${base}.csr`);
      openssl(
        ...["x509", "-req", "-in", `${base}.csr`, "-CA", this.certPath],
        ...["-CAkey", `${this.folder}/ca.key`, "-CAcreateserial", "-out", certPath],
        // Less than no day: it has ended before it began.
        ...["-days", isExpired ? "-1" : "30", "-extfile", `${base}.ext`],
      );
    }
    const [cert, keyText] = [certPath, keyPath].map((path) => Deno.readTextFileSync(path));
    return { cert: cert!, key: keyText!, certPath, keyPath };
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}

function openssl(...args: string[]): void {
  const { success, stderr } = new Deno.Command("openssl", { args, stdin: "null" }).outputSync();
  if (!success) throw new Error(`openssl ${args[0]}: ${new TextDecoder().decode(stderr)}`);
}
