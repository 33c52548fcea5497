/** Attributes that let somebody in, somewhere. They are not written into files that describe an account or domain. */
const SECRET_NAME =
  /^userPassword$|PasswordHistory$|AuthTokens?$|PreAuthKey$|PrivateKey$|SecretKey$|ClientSecret$|BindPassword$|TwoFactorAuth(Secret|ScratchCodes|TrustedDevices)$|AppSpecificPassword|(^|[a-z])(Secret|Password)$/;
/** A password hash under whatever name. */
const HASH = /^\{[A-Za-z0-9.-]+\}\S{8,}$/;

export type Attributes = Record<string, string | string[]>;

/** The attributes without the secret ones. */
export function withoutSecrets(attributes: Attributes): Attributes {
  const kept = Object.entries(attributes).filter(
    ([name, value]) => !SECRET_NAME.test(name) && ![value].flat().some((one) => HASH.test(one)),
  );
  return Object.fromEntries(kept);
}
