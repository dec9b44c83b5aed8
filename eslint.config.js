import tseslint from 'typescript-eslint';
import { importDirection } from './scripts/eslint/import-direction.js';

export default tseslint.config(
  { ignores: ['build/**', 'node_modules/**', 'native/**', 'test/oracles/**', 'test/fixtures/**'] },
  {
    files: ['main/**/*.ts', 'preload/**/*.ts', 'test/**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    plugins: { rankwise: { rules: { 'import-direction': importDirection } } },
    rules: {
      'rankwise/import-direction': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/require-await': 'off',
      eqeqeq: 'error',
    },
  },
  { files: ['scripts/**/*.{js,mjs}'], extends: [tseslint.configs.recommended] },
);
